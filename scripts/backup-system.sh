#!/usr/bin/env bash
# Everything that a bare machine needs to become this one again, in one directory: scripts/backup-system.sh, then deploy.sh --restore-from.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
# shellcheck source=scripts/lib/log.sh
. "$ROOT/scripts/lib/log.sh"
# shellcheck source=scripts/lib/dotenv.sh
. "$ROOT/scripts/lib/dotenv.sh"
# shellcheck source=scripts/lib/backup.sh
. "$ROOT/scripts/lib/backup.sh"
# shellcheck source=scripts/lib/elsewhere.sh
. "$ROOT/scripts/lib/elsewhere.sh"
# shellcheck source=scripts/lib/apt.sh
. "$ROOT/scripts/lib/apt.sh"

usage() {
    cat <<'HELP'
Usage: sudo scripts/backup-system.sh [--to PLACE] [--no-drill]

Writes BACKUP_DIR/system/<time>: a new backup of the database, proven by a drill, Redis, the AI's models, the supervisor's state, .env with all
secrets, the certificates, the code with its history, and the ids of the images; with a checksum of every file. The newest three
are kept. Made every month by itself (scripts/backup-duties.sh), and by scripts/update.sh before it begins.

  --to PLACE   also copy it there and compare it in place: a folder (a mounted disk or share), or an rclone remote such as
               s3:bucket/tradeai; sealed with BACKUP_OFFSITE_RECIPIENT of .env where that is set
  --no-drill   do not restore and compare the backup of the database first; deploy.sh --restore-from prefers those that are proven
  --help       this text

The directory holds every secret of the installation: whoever reads it is the administrator.
Exit code 0 when everything is there and compared, 1 when not; then nothing was left behind that looks like a backup.
HELP
}

KEPT=3
TO='' DRILL=1 PROVEN=no
while [ $# -gt 0 ]; do
    case $1 in
        --to)
            TO=${2:-}
            [ -d "$TO" ] || is_remote "$TO" || die "--to needs a folder that exists or an rclone remote, not \"$TO\"."
            TO=${TO%/}
            shift
            ;;
        --no-drill) DRILL='' ;;
        --help | -h) usage; exit 0 ;;
        *) usage >&2; die "Unknown option $1." ;;
    esac
    shift
done
[ -r "$ROOT/.env" ] || die "$ROOT/.env cannot be read; run this as root."

# SQLite files are copied by SQLite: a plain copy of one that is written to may be torn.
# shellcheck disable=SC2016
STATE_TO_TAR='
import pathlib, shutil, sqlite3, sys, tarfile, tempfile
with tempfile.TemporaryDirectory() as folder:
    for path in pathlib.Path("/var/lib/tradeai/supervisor").glob("*.sqlite3"):
        with sqlite3.connect(path) as live, sqlite3.connect(f"{folder}/{path.name}") as copy:
            live.backup(copy)
        copy.close()
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|gz") as tar:
        tar.add(folder, arcname=".")
'

pack_database() {
    local id
    id=$(in_backup backup system --who "$WHO" | sed -n 's/ is made: .*//p') || return 1
    [ -n "$id" ] || return 1
    [ -z "$DRILL" ] || prove "$id" || return 1
    # The same file under two names: no second copy on the disk.
    mkdir -p "$1/database" && cp -al "$FOLDER/database/$id" "$1/database/"
}
# prove ID: restored into the throwaway database and compared. No throwaway database (no memory for it) is not the backup's fault:
# then it is only not proven. A backup that came back wrong is none.
prove() {
    if in_backup drill "$1" --who "$WHO" >/dev/null; then PROVEN=yes; return 0; fi
    [ ! -e "$FOLDER/database/$1/proof.json" ] || return 1
    warn "the backup of the database could not be tried out, so it is not proven; it goes on"
}
pack_redis() { compose exec -T redis redis-cli --rdb - </dev/null >"$1/redis.rdb" 2>/dev/null && [ -s "$1/redis.rdb" ]; }
pack_models() { compose exec -T ai tar -C /var/lib/tradeai -czf - . </dev/null >"$1/models.tar.gz"; }
pack_state() { compose exec -T supervisor python -c "$STATE_TO_TAR" </dev/null >"$1/supervisor.tar.gz"; }
pack_images() { compose images --format json >"$1/images.json"; }

# give_up SENTENCE: on the record as well, so that an alert says it.
give_up() {
    tell system failed "$1"
    die "$1"
}

WHO="${SUDO_USER:-$(id -un)} (scripts/backup-system.sh)"
FOLDER=$(backup_dir)
NAME=$(date -u +%Y%m%dT%H%M%SZ)
PARTIAL=$FOLDER/system/$NAME.partial
umask 077
mkdir -p "$FOLDER/system"
exec 7>"$FOLDER/system/.lock"
flock --nonblock 7 || die "Another backup of the system is at work."
rm -rf "$FOLDER"/system/*.partial
mkdir "$PARTIAL"
trap 'rm -rf "$PARTIAL"' EXIT

for part in database redis models state images; do
    say "$part"
    "pack_$part" "$PARTIAL" || give_up "The $part could not be saved, so there is no backup of the system. docker compose ps shows what is down."
done
say "settings, secrets and code"
pack_configuration "$PARTIAL/configuration.tar.gz" || give_up "The settings could not be saved."
pack_code "$PARTIAL" || give_up "The code could not be saved."
printf 'made %s\nhost %s\nproven %s\n' "$(date -u +%FT%TZ)" "$(hostname)" "$PROVEN" >"$PARTIAL/about"
sums "$PARTIAL"
sync -f "$PARTIAL"
mv "$PARTIAL" "$FOLDER/system/$NAME"
keep_newest "$FOLDER/system" "$KEPT"
SIZE=$(du -sh "$FOLDER/system/$NAME" | cut -f1)
done_ "$FOLDER/system/$NAME ($SIZE)"

if [ -n "$TO" ]; then
    say "copying to $TO"
    COPIED=$FOLDER/system/$NAME
    RECIPIENT=$(dotenv_get "$ROOT/.env" BACKUP_OFFSITE_RECIPIENT)
    WANTED=()
    ! is_remote "$TO" || WANTED+=(rclone)
    [ -z "$RECIPIENT" ] || WANTED+=(age)
    have "${WANTED[@]}" || apt_install "${WANTED[@]}" >/dev/null 2>&1 || give_up "${WANTED[*]} could not be installed; the backup in $COPIED is whole, its copy was not made."
    if [ -n "$RECIPIENT" ]; then
        PARTIAL=$FOLDER/system/.sealing
        rm -rf "$PARTIAL"
        seal "$COPIED" "$PARTIAL/$NAME" "$RECIPIENT" || give_up "The copy could not be sealed with BACKUP_OFFSITE_RECIPIENT; the backup in $COPIED is whole, its copy was not made."
        COPIED=$PARTIAL/$NAME
    elif is_remote "$TO"; then
        warn "the copy holds every secret and is not sealed: set BACKUP_OFFSITE_RECIPIENT, or use a remote that encrypts (docs/backup.md)"
    fi
    copy_elsewhere "$COPIED" "$TO" || give_up "The copy in $TO could not be made or is not what was copied; the backup in $FOLDER/system/$NAME is whole."
    done_ "$TO/$NAME, compared"
fi
tell system ok "$NAME is made: $SIZE${TO:+, and lies in $TO too, compared there}."
