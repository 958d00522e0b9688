# Phase "summary": where everything is and what to do next.
# shellcheck shell=bash

# address_of SCHEME PORT: as it is typed into a browser.
address_of() {
    local host port
    host=$(dotenv_get .env TRADEAI_DOMAIN)
    host=${host:-$(hostname -I 2>/dev/null | awk '{ print $1 }')}
    case "$1:$2" in http:80 | https:443) port='' ;; *) port=:$2 ;; esac
    printf '%s://%s%s/' "$1" "${host:-localhost}" "$port"
}

# certificate_remark: what the browser will say to a certificate that nobody but this machine vouches for.
certificate_remark() { [ ! -e secrets/tls/self-signed ] || echo ' (the browser warns once: the certificate is self-signed)'; }

COMMAND=/usr/local/bin/tradeai

# install_command: `tradeai` on the PATH for the one installation that has the plain name; a link to a folder that has gone is replaced.
install_command() {
    [ "$(dotenv_get .env COMPOSE_PROJECT_NAME)" = tradeai ] || return 0
    [ -e "$COMMAND" ] || ln -sfn "$ROOT/scripts/tradeai" "$COMMAND" 2>>"$DEPLOY_LOG" ||
        warn "$COMMAND could not be made; the command is $ROOT/scripts/tradeai."
}

phase_summary() {
    install_command
    say "${BOLD}$(address_of https "$(dotenv_get .env HTTPS_PORT)")${PLAIN}  the pages$(certificate_remark)"
    say "$(address_of http "$(dotenv_get .env HTTP_PORT)")health  health, for people and monitors"
    say "Logs: $(dotenv_get .env LOG_DIR) and $(dotenv_get .env NGINX_LOG_DIR), or: docker compose logs -f backend"
    say "Backups go to $(dotenv_get .env BACKUP_DIR), every night at 02:00 UTC; settings and secrets are in .env: keep a copy of it elsewhere."
    [ "$(dotenv_get .env TRADEAI_DATABASE)" = mongodb ] || say "Database: FerretDB on PostgreSQL (built here; no image registry was used)."
    say "Next: sign in, add your people under Settings, import customers, products and sales.$([ -n "$DEMO" ] || echo ' Or look around with real data: scripts/tradeai demo load')"
    note "done in $SECONDS s; the log is $DEPLOY_LOG"
}
