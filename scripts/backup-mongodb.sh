#!/usr/bin/env bash
# One proven-able backup of the database, now; for people and for cron on the host. Never runs beside another one: they share a lock.
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
Usage: scripts/backup-mongodb.sh [--no-prune]

Dumps the database into BACKUP_DIR/database/<time>, with a manifest of what it holds, and then deletes what retention does not
keep (7 daily, 4 weekly, 12 monthly, 7 yearly, never the newest nor the last proven one). The supervisor does the same every
night at 02:00 UTC; a crontab may call this as well, the second of two at once is refused.

  --no-prune   delete nothing
  --help       this text

Exit code 0 when the backup is whole and on the disk, 1 when not; then nothing was left behind that looks like one.
HELP
}

PRUNE=1
case ${1:-} in
    '') ;;
    --no-prune) PRUNE='' ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; die "Unknown option $1." ;;
esac

in_backup backup hand --who "${SUDO_USER:-$(id -un)} (scripts/backup-mongodb.sh)" || exit 1
[ -z "$PRUNE" ] || in_backup prune --who "${SUDO_USER:-$(id -un)} (scripts/backup-mongodb.sh)" || warn "the backup is made; old ones were not deleted"
