# The steps of scripts/update.sh. What was done is in STATE_FILE after each, so that an update cut short anywhere is undone by the next run.
# shellcheck shell=bash

STATE_FOLDER=$ROOT/.cache/update
STATE_FILE=$STATE_FOLDER/state
WATCH_SECONDS=${WATCH_SECONDS:-120}
# How long the version from before may take to be healthy again.
WELL_SECONDS=${WELL_SECONDS:-300}
# Of all answers in the watch window, from so many on and above this share, going back is better than staying.
LEAST_ERRORS=5 MOST_ERRORS_PERCENT=1

remember() { # NAME VALUE
    mkdir -p "$STATE_FOLDER"
    touch "$STATE_FILE"
    dotenv_set "$STATE_FILE" "$1" "$2"
    sync -f "$STATE_FILE"
}
recall() { dotenv_get "$STATE_FILE" "$1"; }

# begin_state OLD NEW BACKUP MIGRATION: all of it or nothing, however it is cut short.
begin_state() {
    printf 'OLD=%s\nNEW=%s\nBACKUP=%s\nMIGRATION=%s\n' "$@" >"$STATE_FILE.new"
    sync -f "$STATE_FILE.new"
    mv "$STATE_FILE.new" "$STATE_FILE"
}

# forget: the update is over; the images from before it give their room back.
forget() {
    local image
    rm -f "$STATE_FILE"
    for image in $(images); do docker rmi "${image%:*}:before-update" >/dev/null 2>&1 || true; done
}

images() {
    local tag
    tag=$(dotenv_get "$ROOT/.env" TRADEAI_TAG)
    printf "tradeai/%s:${tag:-local}\n" "$(dotenv_get "$ROOT/.env" TRADEAI_DATABASE)" redis app ai nginx dockerproxy backup
}

# keep_images: the present ones under a second name, so that building anew does not lose them; with what deploy.sh knows of them.
keep_images() {
    local image
    for image in $(images); do
        if docker image inspect "$image" >/dev/null 2>&1; then docker tag "$image" "${image%:*}:before-update"; fi
    done
    cp "$ROOT/.cache/deploy/images" "$STATE_FOLDER/images" 2>/dev/null || rm -f "$STATE_FOLDER/images"
    remember IMAGES kept
}

bring_images_back() {
    local image
    # Cut short before they were kept: nothing was built yet, and what has the second name may be of an older update.
    [ "$(recall IMAGES)" = kept ] || return 0
    for image in $(images); do
        if docker image inspect "${image%:*}:before-update" >/dev/null 2>&1; then docker tag "${image%:*}:before-update" "$image"; fi
    done
    if [ -f "$STATE_FOLDER/images" ]; then cp "$STATE_FOLDER/images" "$ROOT/.cache/deploy/images"; fi
}

migration() { compose exec -T backend python -c 'from app.core.migrations import applied; from app.core.mongo import database; print(applied(database()))' </dev/null 2>/dev/null; }

# health: ok, degraded or down as the supervisor says; "silent" when it does not answer.
health() {
    local port
    port=$(dotenv_get "$ROOT/.env" SUPERVISOR_PORT)
    curl -sS -m 5 "http://127.0.0.1:${port:-8080}/health" 2>/dev/null | sed -n 's/.*"status": *"\([a-z]*\)".*/\1/p' | head -n 1 | grep . || echo silent
}

# answers: "ALL ERRORS", how many requests the door has answered since line FIRST of its log, and how many with 500 and above.
answers() {
    tail -n "+$1" "$(nginx_log)" 2>/dev/null | awk 'match($0, /"status": *"?[0-9]+/) {
        all++; split(substr($0, RSTART, RLENGTH), part, /[^0-9]+/); if (part[2] >= 500) bad++ } END { print all + 0, bad + 0 }'
}
nginx_log() { echo "$(cd "$ROOT" && readlink -f "$(dotenv_get "$ROOT/.env" NGINX_LOG_DIR)")/access.log"; }

# last_words: the sentence with which deploy.sh gave up.
last_words() { sed -n 's/.*✗ //p' "$STATE_FOLDER/log" | tail -n 1 | tr -d '\033' | cut -c1-300; }

# watch_over: 0 when all was well for the whole window, 1 with the reason in TROUBLE.
TROUBLE=''
watch_over() {
    local first deadline status silent=0
    first=$(($(wc -l <"$(nginx_log)" 2>/dev/null || echo 0) + 1))
    deadline=$((SECONDS + WATCH_SECONDS))
    while [ "$SECONDS" -lt "$deadline" ]; do
        status=$(health)
        if [ "$status" = ok ]; then silent=0; else silent=$((silent + 1)); fi
        [ "$silent" -lt 10 ] || { TROUBLE="the appliance is $status"; return 1; }
        few_errors "$first" || return 1
        sleep 1
    done
    status=$(health)
    [ "$status" = ok ] || { TROUBLE="the appliance is $status"; return 1; }
    few_errors "$first"
}

# few_errors LINE: whether the answers since that line of the log are good enough.
few_errors() {
    local all bad
    read -r all bad < <(answers "$1")
    [ "$bad" -ge "$LEAST_ERRORS" ] && [ $((bad * 100)) -gt $((all * MOST_ERRORS_PERCENT)) ] || return 0
    # shellcheck disable=SC2034 # update.sh says it
    TROUBLE="$bad of $all requests were answered with an error"
    return 1
}

# data_changed: whether the new version may have changed data. A migration that broke in the middle has left no number behind,
# so a version that brings migrations counts as one that has begun them.
data_changed() {
    ! git -C "$ROOT" diff --quiet "$(recall OLD)" "$(recall NEW)" -- app/core/migrations || [ "$(recall MIGRATION)" != "$(migration)" ]
}

# until_well: 0 once the appliance is healthy, 1 when WELL_SECONDS are over.
until_well() {
    local deadline=$((SECONDS + WELL_SECONDS))
    until [ "$(health)" = ok ]; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 1
    done
}

# go_back: code, images and, where the new version has changed them, data as they were before. Harmless to repeat.
go_back() {
    local step
    step=$(recall STEP)
    say "going back to $(recall OLD | cut -c1-12)"
    # Git leaves its lock when it is killed; ours says that nobody else is at work here.
    rm -f "$(git -C "$ROOT" rev-parse --absolute-git-dir)/index.lock"
    git -C "$ROOT" checkout --quiet --force "$(recall OLD)" || die "The code could not be brought back: git checkout $(recall OLD) in $ROOT, then scripts/update.sh --undo."
    bring_images_back
    case $step in switch | watch)
        # Nothing of the new version may run while the old one starts.
        (cd "$ROOT" && compose up -d --no-build --remove-orphans) >>"$STATE_FOLDER/log" 2>&1 </dev/null 7>&- || true
        # From here the supervisor heals what is not well yet, and a restore takes a lease of its own.
        end_lease update
        [ ! -e "$(backup_dir)/.work/restore.json" ] || "$ROOT/scripts/restore.sh" --undo 7>&- || die "An interrupted restore could not be undone: scripts/restore.sh --undo, then scripts/update.sh --undo."
        if data_changed; then
            say "the data may have been changed by the new version: restoring the backup from before"
            "$ROOT/scripts/restore.sh" "$(recall BACKUP)" --yes 7>&- || die "The data could not be brought back: scripts/restore.sh $(recall BACKUP). The code is the old one again."
        fi
        until_well || die "The version from before is in place again, but the appliance is $(health): scripts/tradeai doctor, then scripts/update.sh --undo."
        ;;
    esac
    forget
}
