# Phase "recovery", on --restore-from: settings and secrets before anything is made from them, data once everything runs.
# shellcheck shell=bash

# Set by plan_recovery: the directory of the full backup (scripts/backup-system.sh).
RECOVERY=''

plan_recovery() {
    [ -n "$RESTORE_FROM" ] || return 0
    RECOVERY=$(find_full_backup "$RESTORE_FROM")
    [ -n "$RECOVERY" ] || die "$RESTORE_FROM holds no full backup (a directory that scripts/backup-system.sh made). Nothing was changed."
    (cd "$RECOVERY" && sha256sum --quiet --strict -c SHA256SUMS) >/dev/null 2>&1 ||
        die "$RECOVERY is damaged: sha256sum -c SHA256SUMS in it names the file. Take another backup. Nothing was changed."
    if [ -f .env ] && ! same_keys; then
        die "This folder has a .env with other keys than the backup. Move it away (it may be needed for other data), then run this again. Nothing was changed."
    fi
    would "take settings, secrets and certificate from $RECOVERY, and restore its data once everything runs"
}

# find_full_backup FOLDER: the folder itself if it is one, else the newest in it.
find_full_backup() {
    if [ -f "$1/SHA256SUMS" ]; then
        readlink -f "$1"
    else
        find "$1" -mindepth 2 -maxdepth 2 -name SHA256SUMS ! -path '*.partial/*' -printf '%h\n' 2>/dev/null | sort | tail -n 1 | xargs -r readlink -f
    fi
}

same_keys() {
    local name theirs code=0
    theirs=$(mktemp)
    tar -xzOf "$RECOVERY/configuration.tar.gz" .env >"$theirs"
    for name in SECRET_KEY JWT_KEYS; do
        [ "$(dotenv_get .env "$name")" = "$(dotenv_get "$theirs" "$name")" ] || code=1
    done
    rm -f "$theirs"
    return "$code"
}

# recover_configuration: .env and certificate as they were; what was found out about the old machine is found out anew.
recover_configuration() {
    [ -n "$RECOVERY" ] && [ ! -f .env ] || return 0
    tar -xzf "$RECOVERY/configuration.tar.gz" .env
    tar -xzf "$RECOVERY/configuration.tar.gz" secrets/tls 2>/dev/null || true
    dotenv_set .env TRADEAI_DATABASE ''
    dotenv_set .env DOCKER_GID ''
    done_ "settings, secrets and certificate are those of the backup"
}

# phase_recovery: the database through scripts/restore.sh with all its checks; models and the supervisor's state beside it.
phase_recovery() {
    [ -n "$RECOVERY" ] || return 0
    local folder id
    folder=$(dotenv_get .env BACKUP_DIR)
    id=$(find "$RECOVERY/database" -mindepth 1 -maxdepth 1 -type d -printf '%f\n')
    install -d -m 700 -o "$CONTAINER_USER" -g "$CONTAINER_USER" "$folder/database"
    if [ ! -d "$folder/database/$id" ]; then
        cp -r "$RECOVERY/database/$id" "$folder/database/$id.partial"
        chown -R "$CONTAINER_USER:$CONTAINER_USER" "$folder/database/$id.partial"
        mv "$folder/database/$id.partial" "$folder/database/$id"
    fi
    compose exec -T ai tar -C /var/lib/tradeai -xzf - <"$RECOVERY/models.tar.gz" || warn "the AI's models could not be put back; they are trained anew"
    scripts/restore.sh "$id" --yes || die "The data could not be restored, see above. The appliance runs without it; run deploy.sh --restore-from again."
    done_ "recovered in $SECONDS s, to the state of $(sed -n 's/^made //p' "$RECOVERY/about")"
}
