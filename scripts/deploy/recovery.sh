# Phase "recovery", on --restore-from: settings and secrets before anything is made from them, data once everything runs.
# shellcheck shell=bash

# Set by plan_recovery: the directory of the full backup (scripts/backup-system.sh).
RECOVERY=''
# What is brought from afar, and opened, lies here until the data is back.
RECOVERY_FOLDER=$STATE/recovery

plan_recovery() {
    [ -n "$RESTORE_FROM" ] || return 0
    recovery_tools
    mkdir -p "$RECOVERY_FOLDER"
    chmod 700 "$RECOVERY_FOLDER"
    RECOVERY=$(fetch_full_backup "$RESTORE_FROM" "$RECOVERY_FOLDER/fetched") || RECOVERY=''
    [ -n "$RECOVERY" ] || die "$RESTORE_FROM holds no full backup (a directory that scripts/backup-system.sh made), or could not be reached. Nothing was changed."
    check_sums "$RECOVERY" >/dev/null 2>&1 ||
        die "$RECOVERY is damaged: sha256sum -c SHA256SUMS in it names the file. Take another backup. Nothing was changed."
    open_sealed
    if [ -f .env ] && ! same_keys; then
        die "This folder has a .env with other keys than the backup. Move it away (it may be needed for other data), then run this again. Nothing was changed."
    fi
    would "take settings, secrets and certificate from $RECOVERY, and restore its data once everything runs"
}

# recovery_tools: what it takes to reach the place, from Debian.
recovery_tools() {
    local wanted=()
    ! is_web "$RESTORE_FROM" || wanted+=(curl)
    ! is_remote "$RESTORE_FROM" || wanted+=(rclone)
    [ -z "$RECOVERY_KEY" ] || wanted+=(age)
    ! have "${wanted[@]}" || return 0
    apt_install "${wanted[@]}" >/dev/null 2>&1 || die "${wanted[*]} could not be installed: apt-get install ${wanted[*]}, then run this again. Nothing was changed."
}

# open_sealed: a copy that was sealed with a recovery key, opened.
open_sealed() {
    [ -f "$RECOVERY/$SEALED" ] || return 0
    [ -n "$RECOVERY_KEY" ] || die "$RECOVERY is sealed: add --recovery-key FILE with the key that is kept elsewhere. Nothing was changed."
    rm -rf "$RECOVERY_FOLDER/opened"
    unseal "$RECOVERY" "$RECOVERY_KEY" "$RECOVERY_FOLDER/opened" || die "$RECOVERY could not be opened with $RECOVERY_KEY: it is sealed for another key. Nothing was changed."
    RECOVERY=$RECOVERY_FOLDER/opened
    check_sums "$RECOVERY" >/dev/null 2>&1 || die "What was sealed in it is damaged. Take another backup. Nothing was changed."
}

# same_keys: whether data of the backup can be used under this folder's keys (as app/backup/fingerprint.py judges it).
same_keys() {
    local theirs code=0
    theirs=$(mktemp)
    tar -xzOf "$RECOVERY/configuration.tar.gz" .env >"$theirs"
    [ "$(dotenv_get .env SECRET_KEY)" = "$(dotenv_get "$theirs" SECRET_KEY)" ] || code=1
    rm -f "$theirs"
    return "$code"
}

# recover_configuration: .env, alert settings, accounts and certificate as they were; what was found out about the old machine is
# found out anew.
recover_configuration() {
    [ -n "$RECOVERY" ] && [ ! -f .env ] || return 0
    local name
    for name in config secrets/tls secrets/rclone docker-compose.override.yml .env; do
        tar -xzf "$RECOVERY/configuration.tar.gz" "$name" 2>/dev/null || [ "$name" != .env ] || die "The settings in $RECOVERY cannot be unpacked."
    done
    dotenv_set .env TRADEAI_DATABASE ''
    dotenv_set .env DOCKER_GID ''
    done_ "settings, secrets and certificate are those of the backup"
}

# phase_recovery: the database through scripts/restore.sh with all its checks, from a newer copy elsewhere where there is one
# (copies.sh); models and the supervisor's state beside it. Redis stays empty: it speaks of data that is not there.
phase_recovery() {
    [ -n "$RECOVERY" ] || return 0
    local folder id made
    folder=$(dotenv_get .env BACKUP_DIR)
    id=$(find "$RECOVERY/database" -mindepth 1 -maxdepth 1 -type d -printf '%f\n')
    made=$(sed -n 's/^made //p' "$RECOVERY/about")
    install -d -m 700 -o "$CONTAINER_USER" -g "$CONTAINER_USER" "$folder/database"
    if [ ! -d "$folder/database/$id" ]; then
        cp -r "$RECOVERY/database/$id" "$folder/database/$id.partial"
        adopt "$folder/database/$id"
    fi
    compose exec -T ai tar -C /var/lib/tradeai -xzf - <"$RECOVERY/models.tar.gz" || warn "the AI's models could not be put back; they are trained anew"
    recover_state || warn "the supervisor's records (incidents, alerts, sign-offs) could not be put back"
    newer_copy "$id" "$folder/database"
    if [ -n "$NEWER" ] && scripts/restore.sh "$NEWER" --yes; then
        made=$(moment_of "$NEWER")
    else
        [ -z "$NEWER" ] || warn "the newer copy $NEWER could not be restored, see above; taking the one of the full backup"
        scripts/restore.sh "$id" --yes || die "The data could not be restored, see above. The appliance runs without it; run deploy.sh --restore-from again."
    fi
    rm -rf "$RECOVERY_FOLDER"
    done_ "recovered in $SECONDS s, to the state of $made: what was written in the $(age_of "$made") until this run began is lost"
}

# recover_state: only while the supervisor rests; scripts/restore.sh starts it again.
recover_state() {
    compose stop supervisor >>"$DEPLOY_LOG" 2>&1 &&
        compose run --rm --no-deps -T --entrypoint sh supervisor -c 'cd /var/lib/tradeai/supervisor && rm -f ./*.sqlite3* && tar -xzf -' \
            <"$RECOVERY/supervisor.tar.gz" >>"$DEPLOY_LOG" 2>&1
}

# age_of MOMENT: how long before this run it was, for people.
age_of() {
    local seconds=$(($(date +%s) - SECONDS - $(date -d "$1" +%s)))
    if [ "$seconds" -lt 7200 ]; then echo "$((seconds / 60)) min"; elif [ "$seconds" -lt 172800 ]; then echo "$((seconds / 3600)) h"; else echo "$((seconds / 86400)) days"; fi
}
