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

usage() {
    cat <<'HELP'
Usage: sudo scripts/backup-system.sh [--to FOLDER]

Writes BACKUP_DIR/system/<time>: a new backup of the database, Redis, the AI's models, the supervisor's state, .env with all
secrets, the certificates, the code with its history, and the ids of the images; with a checksum of every file. The newest three
are kept. To be run monthly, and run by scripts/update.sh.

  --to FOLDER   also copy it there (a mounted disk or share) and compare every checksum in place
  --help        this text

The directory holds every secret of the installation: whoever reads it is the administrator.
Exit code 0 when everything is there and compared, 1 when not; then nothing was left behind that looks like a backup.
HELP
}

KEPT=3
TO=''
while [ $# -gt 0 ]; do
    case $1 in
        --to) TO=${2:-}; shift; [ -d "$TO" ] || die "--to needs a folder that exists, not \"$TO\"." ;;
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
    # The same file under two names: no second copy on the disk.
    mkdir -p "$1/database" && cp -al "$FOLDER/database/$id" "$1/database/"
}
pack_redis() { compose exec -T redis redis-cli --rdb - </dev/null >"$1/redis.rdb" 2>/dev/null && [ -s "$1/redis.rdb" ]; }
pack_models() { compose exec -T ai tar -C /var/lib/tradeai -czf - . </dev/null >"$1/models.tar.gz"; }
pack_state() { compose exec -T supervisor python -c "$STATE_TO_TAR" </dev/null >"$1/supervisor.tar.gz"; }
pack_images() { compose images --format json >"$1/images.json"; }

# sums FOLDER: a checksum of every file of a finished backup.
sums() {
    local files
    mapfile -d '' files < <(cd "$1" && find . -type f -print0 | sort -z)
    (cd "$1" && sha256sum "${files[@]}" >SHA256SUMS)
}
check_sums() { (cd "$1" && sha256sum --quiet --strict -c SHA256SUMS); }

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
    "pack_$part" "$PARTIAL" || die "The $part could not be saved, so there is no backup of the system. docker compose ps shows what is down."
done
say "settings, secrets and code"
pack_configuration "$PARTIAL/configuration.tar.gz" || die "The settings could not be saved."
pack_code "$PARTIAL" || die "The code could not be saved."
printf 'made %s\nhost %s\n' "$(date -u +%FT%TZ)" "$(hostname)" >"$PARTIAL/about"
sums "$PARTIAL"
sync -f "$PARTIAL"
mv "$PARTIAL" "$FOLDER/system/$NAME"
keep_newest "$FOLDER/system" "$KEPT"
done_ "$FOLDER/system/$NAME ($(du -sh "$FOLDER/system/$NAME" | cut -f1))"

if [ -n "$TO" ]; then
    say "copying to $TO"
    PARTIAL=$TO/$NAME.partial
    if ! { cp -r "$FOLDER/system/$NAME" "$PARTIAL" && sync -f "$PARTIAL" && check_sums "$PARTIAL"; }; then
        die "The copy in $TO is not what was copied; the backup in $FOLDER/system/$NAME is whole."
    fi
    mv "$PARTIAL" "$TO/$NAME"
    done_ "$TO/$NAME, compared"
fi
