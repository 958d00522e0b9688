# Phase "configuration": .env with its secrets, the secret files that containers read, the certificate, the folders.
# shellcheck shell=bash

# The uid and gid of every container's user.
CONTAINER_USER=10001
# Secrets that reach containers as files; the same names in capitals are in .env.
SECRET_NAMES=(mongo_root_password mongo_app_password mongo_ai_password mongo_backup_password redis_password secret_key jwt_keys supervisor_password)
# What phase "start" must make known to running containers, beside changed secrets (keys.sh).
CERTIFICATE_CHANGED=''
export CERTIFICATE_CHANGED

# wanted_setting NAME: what this run will use: .env, else the environment, else .env.example.
wanted_setting() {
    if dotenv_has .env "$1"; then dotenv_get .env "$1"
    elif [ -n "${!1:-}" ]; then printf '%s\n' "${!1}"
    else dotenv_get .env.example "$1"; fi
}

https_port_for() { [ "$1" = 80 ] && echo 443 || echo $(($1 + 363)); }

plan_configuration() {
    if [ -f .env ]; then
        local name
        for name in $(dotenv_names .env.example); do dotenv_has .env "$name" || would "add $name to .env"; done
    else
        would "make .env (mode 600) with strong random secrets"
    fi
    [ -s secrets/tls/fullchain.pem ] || would "make a self-signed certificate"
    would "write secret files and create $(wanted_setting LOG_DIR) and $(wanted_setting NGINX_LOG_DIR) where they differ or are missing"
}

phase_configuration() {
    make_env
    apply_options
    rotate_keys
    fill_secrets
    write_secret_files
    make_certificate
    make_folders
    make_trust
    done_ "settings are in .env"
}

# make_env: .env from .env.example; on a later version, the names that are new. What is there is never changed.
make_env() {
    local name
    if [ ! -f .env ]; then
        (umask 077 && cp .env.example .env.new)
        for name in $(dotenv_names .env.new); do [ -z "${!name:-}" ] || dotenv_set .env.new "$name" "${!name}"; done
        mv .env.new .env
    else
        for name in $(dotenv_names .env.example); do
            dotenv_has .env "$name" || { note "new in .env: $name"; dotenv_set .env "$name" "$(wanted_setting "$name")"; }
        done
    fi
    chmod 600 .env
}

apply_options() {
    [ -z "$PORT" ] || { dotenv_set .env HTTP_PORT "$PORT"; dotenv_set .env HTTPS_PORT "$(https_port_for "$PORT")"; }
    [ -z "$DOMAIN" ] || dotenv_set .env TRADEAI_DOMAIN "$DOMAIN"
    [ -z "$EMAIL" ] || dotenv_set .env TRADEAI_EMAIL "$EMAIL"
    # Found out, not chosen: the socket's group differs from machine to machine.
    dotenv_set .env DOCKER_GID "$(stat -c %g "$(dotenv_get .env DOCKER_SOCKET)")"
}

random_words() { head -c 64 /dev/urandom | base64 -w 0 | tr -d '/+=' | cut -c1-"$1"; }

fill_secrets() {
    local secret name
    for secret in "${SECRET_NAMES[@]}"; do
        name=${secret^^}
        [ -z "$(dotenv_get .env "$name")" ] || continue
        case $secret in
            # Single quotes: Compose reads the value as it stands.
            jwt_keys) dotenv_set .env "$name" "'$(random_keys "$(key_id)")'" ;;
            *) dotenv_set .env "$name" "$(random_words 40)" ;;
        esac
    done
}

# write_secret_files: what containers mount. Compose mounts a file secret with the host's owner and mode, so they are set here.
write_secret_files() {
    local secret value file
    install -d -m 711 secrets
    for secret in "${SECRET_NAMES[@]}"; do
        file=secrets/$secret value=$(dotenv_get .env "${secret^^}")
        if [ ! -f "$file" ] || [ "$(cat "$file")" != "$value" ]; then
            (umask 077 && printf '%s' "$value" >"$file.new")
            chown "$CONTAINER_USER:$CONTAINER_USER" "$file.new"
            chmod 400 "$file.new"
            [ ! -f "$file" ] || : >"$SECRETS_PENDING"
            mv "$file.new" "$file"
        fi
    done
}

# make_certificate: self-signed, for the domain, this machine's name and its addresses; a certificate put there by hand is kept.
make_certificate() {
    local folder=secrets/tls domain names
    domain=$(dotenv_get .env TRADEAI_DOMAIN)
    if [ -s "$folder/fullchain.pem" ]; then
        [ -e "$folder/self-signed" ] || return 0
        openssl x509 -in "$folder/fullchain.pem" -noout -checkend 2592000 >/dev/null && [ "$(cat "$folder/self-signed")" = "$domain" ] && return 0
    fi
    install -d -m 711 "$folder"
    names="DNS:localhost,DNS:$(hostname),IP:127.0.0.1$(hostname -I 2>/dev/null | tr ' ' '\n' | sed -n 's/^\([0-9.]\{7,\}\)$/,IP:\1/p' | tr -d '\n')"
    [ -z "$domain" ] || names="DNS:$domain,$names"
    (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 -subj "/O=TradeAI/CN=${domain:-$(hostname)}" \
        -addext "subjectAltName=$names" -addext "extendedKeyUsage=serverAuth" -keyout "$folder/privkey.new" -out "$folder/fullchain.new" 2>>"$DEPLOY_LOG") ||
        die "The certificate could not be made; see $DEPLOY_LOG."
    chown "$CONTAINER_USER:$CONTAINER_USER" "$folder"/*.new
    mv "$folder/privkey.new" "$folder/privkey.pem"
    mv "$folder/fullchain.new" "$folder/fullchain.pem"
    printf '%s' "$domain" >"$folder/self-signed"
    CERTIFICATE_CHANGED=1
}

make_folders() {
    local folder
    for folder in "$(dotenv_get .env LOG_DIR)" "$(dotenv_get .env NGINX_LOG_DIR)"; do
        install -d -m 750 -o "$CONTAINER_USER" -g "$CONTAINER_USER" "$folder"
    done
    folder=$(dotenv_get .env BACKUP_DIR)
    install -d -m 700 -o "$CONTAINER_USER" -g "$CONTAINER_USER" "$folder" "$folder/.work" "$folder/.work/drill" secrets/rclone
}
