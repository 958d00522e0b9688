#!/usr/bin/env bash
# A backup back into the database, with nothing but Docker: the supervisor may be gone. Goes back by itself when it does not work.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
# shellcheck source=scripts/lib/log.sh
. "$ROOT/scripts/lib/log.sh"
# shellcheck source=scripts/lib/dotenv.sh
. "$ROOT/scripts/lib/dotenv.sh"
# shellcheck source=scripts/lib/backup.sh
. "$ROOT/scripts/lib/backup.sh"

usage() {
    cat <<'HELP'
Usage: scripts/restore.sh [BACKUP] [options]

Restores BACKUP (a folder's name under BACKUP_DIR/database or BACKUP_DIR/safety; the newest without it): looks first whether it
can be done, stops what writes, saves what is there, loads the backup beside it, compares every document, switches, starts the
services and waits until they are healthy. Whatever fails: the data is what it was before. The appliance may be down: databases
are started first, everything else at the end. One restore at a time, whether from here, from the page or with tradeai.

  --check   only look whether it could be restored; nothing is changed
  --undo    undo a restore that was interrupted
  --list    show the backups
  --accept-broken
            restore even what contradicts itself (a torn audit trail), where no other backup is left
  --yes     ask nothing
  --help    this text
HELP
}

WRITERS=(worker backend realtime ai)
HEALTHY_SECONDS=${HEALTHY_SECONDS:-180} PAGE_SECONDS=${PAGE_SECONDS:-300}
BACKUP=latest WISH=restore ASSUME_YES='' ACCEPT=()
while [ $# -gt 0 ]; do
    case $1 in
        --check | --undo | --list) WISH=${1#--} ;;
        --accept-broken) ACCEPT=(--accept-broken) ;;
        --yes | -y) ASSUME_YES=1 ;;
        --help | -h) usage; exit 0 ;;
        -*) usage >&2; die "Unknown option $1." ;;
        *) BACKUP=$1 ;;
    esac
    shift
done

list_backups() {
    local folder
    folder=$(backup_dir)
    for kind in database safety; do
        find "$folder/$kind" -mindepth 1 -maxdepth 1 -type d ! -name '*.partial' -printf "$kind  %f\n" 2>/dev/null | sort -r
    done
}

# start_stores: the databases, where they do not run (after "docker compose down").
start_stores() {
    compose up -d --no-deps --no-build --no-recreate --wait mongodb redis >/dev/null 2>&1 ||
        die "The database could not be started, so nothing was changed: docker compose logs mongodb redis"
}

# The supervisor would start what is stopped here; it rests meanwhile and is started again whatever happens.
start_all() {
    compose up -d --no-deps --no-build --no-recreate mongodb redis "${WRITERS[@]}" supervisor >/dev/null 2>&1 || warn "not everything could be started: docker compose up -d"
    [ -n "$(compose ps --status running --quiet nginx 2>/dev/null)" ] || compose up -d --no-build --no-recreate >/dev/null 2>&1 || warn "not everything could be started: docker compose up -d"
}

# page_step: at which step a restore is that somebody began on the page or with tradeai; "" when there is none, or nobody to ask.
page_step() { timeout 60 "$ROOT/scripts/tradeai" backup list --json </dev/null 2>/dev/null | sed -n 's/.*"restore": *{[^}]*"step": *"\([^"]*\)".*/\1/p'; }

# only_one: nobody else restores while we do; the kernel frees the lock when we die.
only_one() {
    mkdir -p "$ROOT/.cache"
    exec 9>"$ROOT/.cache/restore.lock"
    flock --nonblock 9 || die "Another restore is at work (scripts/restore.sh). Nothing was changed; try again when it is done."
}

# let_the_page_end SECONDS: a restore of the page's is not taken from under it; what it left is ours.
let_the_page_end() {
    local step deadline=$((SECONDS + $1))
    while step=$(page_step) && [ -n "$step" ]; do
        [ "$SECONDS" -lt "$deadline" ] || die "A restore from the page is at work ($step). Nothing was changed; try again when it is done."
        sleep 1
    done
}

stop_writers() {
    compose stop supervisor "${WRITERS[@]}" >/dev/null 2>&1 || die "The services could not be stopped; nothing was changed. See docker compose ps."
}

# writers_healthy: waits until all that was stopped is healthy; 1 when the time is up.
writers_healthy() {
    local service deadline=$((SECONDS + HEALTHY_SECONDS))
    for service in "${WRITERS[@]}"; do
        until compose ps --format '{{.Health}}' "$service" 2>/dev/null | grep -qx healthy; do
            [ "$SECONDS" -lt "$deadline" ] || { warn "$service does not become healthy"; return 1; }
            sleep 1
        done
    done
}

undo() {
    start_stores
    stop_writers
    in_backup undo --who "$WHO" || { start_all; die "It could not be undone. Bring the database up (docker compose up -d mongodb redis), then: scripts/restore.sh --undo"; }
    start_all
}

WHO="${SUDO_USER:-$(id -un)} (scripts/restore.sh)"
case $WISH in
    list) list_backups; exit 0 ;;
    check) in_backup restore "$BACKUP" --check --who "$WHO"; exit ;;
    undo)
        only_one
        let_the_page_end "$PAGE_SECONDS"
        undo
        done_ "undone"
        exit 0
        ;;
esac

only_one
let_the_page_end 0
heading "Looking whether it can be restored (no impact yet)"
in_backup restore "$BACKUP" --check --who "$WHO" || die "Nothing was changed."
if [ -z "$ASSUME_YES" ]; then
    [ -t 0 ] || die "Nobody is there to answer; add --yes to restore without a question. Nothing was changed."
    read -r -p "  Everything written since that backup leaves the database. Go on? [y/N] " answer
    [[ $answer =~ ^[Yy] ]] || { say "Nothing was changed."; exit 0; }
fi

heading "Restoring"
trap 'warn "interrupted; look with scripts/restore.sh --undo whether there is something to undo"; start_all; exit 130' INT TERM
say "starting the databases, stopping what writes"
start_stores
stop_writers
MARK="restore.sh-$(date -u +%s)-$$"
if ! in_backup restore "$BACKUP" "${ACCEPT[@]}" --mark "$MARK" --who "$WHO"; then
    # Killed, or Redis was away, after the switch: the journal says that there is something of ours to undo.
    ! grep -qsF "$MARK" "$(backup_dir)/.work/restore.json" || in_backup undo --who "$WHO" || { start_all; die "It could not be undone yet: scripts/restore.sh --undo"; }
    start_all
    die "The restore failed, see above; the services run again."
fi
say "starting the services"
compose up -d --no-deps --no-build --no-recreate "${WRITERS[@]}" >/dev/null 2>&1 || true
if ! writers_healthy; then
    say "the services do not work with the restored data: going back"
    undo
    die "The restore was undone: the data is what it was before. docker compose logs says what the services complained of."
fi
in_backup settle --who "$WHO" || warn "the data from before could not be dropped: docker compose exec backup python -m app.backup settle"
start_all
heading "Restored"
