# Part of phase "configuration": whom the running appliance trusts when it reaches out, and through which proxy.
# shellcheck shell=bash

# Mounted into supervisor and backup; there it is /etc/tradeai-ca.
TRUST_FOLDER=secrets/ca

plan_trust() {
    case $(wanted_setting TRADEAI_TRUST_HOST_CA) in
        off | '') return 0 ;;
        on) ;;
        *) die "TRADEAI_TRUST_HOST_CA in .env must be on or off, not \"$(wanted_setting TRADEAI_TRUST_HOST_CA)\"." ;;
    esac
    check_bundle "$(wanted_setting TRADEAI_CA_BUNDLE)"
    would "let supervisor and backup trust whom this machine trusts, and use its proxy"
}

check_bundle() {
    grep -qs 'BEGIN CERTIFICATE' "$1" || die "TRADEAI_TRUST_HOST_CA is on, but $1 holds no certificate that could be read; name a bundle in TRADEAI_CA_BUNDLE."
}

# make_trust: the file, and what says to the containers where it is. Without the switch they trust whom Debian trusts.
make_trust() {
    local bundle inside=''
    install -d -m 700 -o "$CONTAINER_USER" -g "$CONTAINER_USER" "$TRUST_FOLDER"
    if [ "$(dotenv_get .env TRADEAI_TRUST_HOST_CA)" = on ]; then
        bundle=$(dotenv_get .env TRADEAI_CA_BUNDLE)
        # Again: settings that came from a backup were not there when this run was planned.
        check_bundle "$bundle"
        cmp -s "$bundle" "$TRUST_FOLDER/ca.crt" ||
            { install -m 400 -o "$CONTAINER_USER" -g "$CONTAINER_USER" "$bundle" "$TRUST_FOLDER/ca.crt.new" && mv "$TRUST_FOLDER/ca.crt.new" "$TRUST_FOLDER/ca.crt"; }
        take_proxy
        inside=/etc/tradeai-ca/ca.crt
    else
        rm -f "$TRUST_FOLDER/ca.crt"
    fi
    dotenv_set .env TRADEAI_CA_FILE "$inside"
}

# take_proxy: this machine's, where .env names none.
take_proxy() {
    local name lower value
    for name in HTTP_PROXY HTTPS_PROXY NO_PROXY; do
        lower=${name,,}
        value=${!name:-${!lower:-}}
        if [ -z "$value" ] || [ -n "$(dotenv_get .env "TRADEAI_$name")" ]; then
            continue
        elif [[ $value == *@* ]]; then
            warn "$name holds a name or password, which everybody who may look at containers would see: it is not passed on"
        else
            dotenv_set .env "TRADEAI_$name" "$value"
        fi
    done
}
