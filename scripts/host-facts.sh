#!/usr/bin/env bash
# What the supervisor cannot see from inside its container: prints facts about this machine as JSON, changes nothing.
# Secrets never leave the machine: of each only its length, its age, and whether it is well known or used twice.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
cd "$ROOT"
# shellcheck source=scripts/lib/dotenv.sh
. scripts/lib/dotenv.sh

if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
    echo "Usage: sudo scripts/host-facts.sh   prints JSON for the doctor: sudo scripts/tradeai doctor sends it by itself"
    exit 0
fi

ENV_FILE=${ENV_FILE:-.env} SECRETS_DIR=${SECRETS_DIR:-secrets}
SECRET_PATTERN='(_PASSWORD|_KEY|_KEYS)$'
KNOWN_VALUES=(password secret changeme change-me admin tradeai mongodb redis root test default 123456 12345678 qwerty)

has() { command -v "$1" >/dev/null 2>&1; }
boolean() { if "$@" >/dev/null 2>&1; then echo true; else echo false; fi; }
# quoted TEXT: as a JSON string; what is not plain is left out.
quoted() { printf '"%s"' "$(printf '%s' "$1" | tr -cd 'A-Za-z0-9_.:/@ +-' | cut -c1-200)"; }
# joined: the lines of standard input, with commas between.
joined() { paste -sd, -; }

clock_follows() {
    has timedatectl && [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)" = yes ] && return
    has chronyc && chronyc -n tracking 2>/dev/null | grep -q '^Leap status *: Normal'
}

unattended_upgrades() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' unattended-upgrades 2>/dev/null)" = installed ] &&
        apt-config dump 2>/dev/null | grep -q '^APT::Periodic::Unattended-Upgrade "[1-9]'
}

# What an upgrade would install, of the lists that are here; nothing is fetched.
planned() { apt-get -s -o Debug::NoLocking=true upgrade 2>/dev/null | grep '^Inst ' || true; }

firewall() {
    if has ufw && ufw status 2>/dev/null | grep -q '^Status: active'; then echo '{"kind":"ufw","active":true}'
    elif has nft && nft list chains 2>/dev/null | grep -q 'hook input.*policy drop'; then echo '{"kind":"nftables","active":true}'
    elif has iptables && iptables -S INPUT 2>/dev/null | grep -q '^-P INPUT DROP'; then echo '{"kind":"iptables","active":true}'
    elif [ "$(id -u)" -ne 0 ]; then echo null
    else echo '{"kind":"none","active":false}'; fi
}

ssh_settings() {
    local sshd settings
    sshd=$(command -v sshd || ls /usr/sbin/sshd 2>/dev/null || true)
    if [ -z "$sshd" ]; then
        echo '{"installed":false,"passwords":false,"root":"no"}'
        return
    fi
    # sshd wants its folder there even to print its settings.
    settings=$("$sshd" -T -C user=root,host=localhost,addr=127.0.0.1 2>/dev/null) || { echo null; return; }
    printf '{"installed":true,"passwords":%s,"root":%s}' \
        "$(boolean grep -qi '^passwordauthentication yes' <<<"$settings")" \
        "$(quoted "$(awk 'tolower($1) == "permitrootlogin" { print $2 }' <<<"$settings")")"
}

# Ports that others can reach: bound to anything but the loopback. Docker's own addresses are inside.
listening() {
    if ! has ss; then echo null; return; fi
    printf '[%s]' "$(ss -Htlnp 2>/dev/null | awk '
        $4 !~ /^(127\.|\[::1\]|\[::ffff:127\.)/ {
            port = $4; sub(/.*:/, "", port)
            process = $6; if (!sub(/^users:\(\("/, "", process)) process = ""; sub(/".*/, "", process)
            if (port ~ /^[0-9]+$/ && !seen[port]++) printf "{\"port\":%d,\"process\":\"%s\"}\n", port, process
        }' | tr -cd 'a-zA-Z0-9_.:{}",\n -' | head -n 60 | joined)"
}

doors() {
    local http https
    http=$(dotenv_get "$ENV_FILE" HTTP_PORT) https=$(dotenv_get "$ENV_FILE" HTTPS_PORT)
    if [ -n "$http" ] && [ -n "$https" ]; then printf '[%d,%d]' "$http" "$https"; else echo null; fi
}

modes() {
    local path
    printf '{%s}' "$(
        for path in "$ENV_FILE" "$SECRETS_DIR"/ "$SECRETS_DIR"/*_* "$SECRETS_DIR"/tls/privkey.pem; do
            [ -e "$path" ] || continue
            printf '%s:"%s"\n' "$(quoted "$path")" "$(stat -c %a "$path")"
        done | joined
    )"
}

secrets() {
    local name value file age shared known all
    [ -r "$ENV_FILE" ] || { echo null; return; }
    all=$(for name in $(dotenv_names "$ENV_FILE" | grep -E "$SECRET_PATTERN"); do dotenv_get "$ENV_FILE" "$name"; done)
    printf '{%s}' "$(
        for name in $(dotenv_names "$ENV_FILE" | grep -E "$SECRET_PATTERN"); do
            value=$(dotenv_get "$ENV_FILE" "$name") file=$SECRETS_DIR/${name,,} age=null known=false
            [ ! -e "$file" ] || age=$((($(date +%s) - $(stat -c %Y "$file")) / 86400))
            [[ " ${KNOWN_VALUES[*]} " != *" ${value,,} "* ]] || known=true
            shared=$(boolean test "$(grep -cxF -- "$value" <<<"$all")" -gt 1)
            printf '"%s":{"length":%d,"known":%s,"shared":%s,"age_days":%s}\n' "$name" "${#value}" "$known" "$shared" "$age"
        done | joined
    )"
}

images() {
    local project
    project=$(dotenv_get "$ENV_FILE" COMPOSE_PROJECT_NAME)
    printf '{%s}' "$(
        docker ps -a --filter "label=com.docker.compose.project=${project:-tradeai}" --filter label=com.docker.compose.oneoff=False \
            --format '{{.Label "com.docker.compose.service"}} {{.Image}}' 2>/dev/null | sort -u | while read -r service image; do
            made=$(docker image inspect --format '{{.Created}}' "$image" 2>/dev/null) || continue
            # To the second, and with the zone as a number, as every parser reads it.
            printf '"%s":"%s"\n' "$service" "$(date -u -d "$made" +%Y-%m-%dT%H:%M:%S+00:00)"
        done | joined
    )"
}

settings_hash() { sha256sum docker-compose.yml "$ENV_FILE" 2>/dev/null | sha256sum | cut -c1-16; }

PLANNED=$(planned)
cat <<JSON
{"clock_follows":$(boolean clock_follows),
"reboot_required":$(boolean test -e /var/run/reboot-required),
"unattended_upgrades":$(boolean unattended_upgrades),
"updates":$(grep -c . <<<"$PLANNED" || true),
"security_updates":$(grep -ci 'security' <<<"$PLANNED" || true),
"firewall":$(firewall),
"ssh":$(ssh_settings),
"listening":$(listening),
"doors":$(doors),
"modes":$(modes),
"secrets":$(secrets),
"images":$(images),
"settings_hash":"$(settings_hash)"}
JSON
