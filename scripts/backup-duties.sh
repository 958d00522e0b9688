#!/usr/bin/env bash
# What only the host can back up, when it is due: settings when they changed, code every week, the whole system every month.
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

usage() {
    cat <<'HELP'
Usage: sudo scripts/backup-duties.sh

Run every night and after every start of the machine by the timer that deploy.sh installs; harmless to run by hand:

  settings       to BACKUP_DIR/configuration/<time> when anything of them changed (deploy.sh does it too); 30 are kept
  code           to BACKUP_DIR/code/<time>, weekly; 4 are kept
  whole system   scripts/backup-system.sh when the last one is 30 days old, copied to BACKUP_SYSTEM_TO of .env if that is set
  weekly, the newest of each is read back: checksums, the settings unpacked and compared, the code cloned; a damaged one is
  set aside as damaged-<time> (the last one is kept), an alert says so, and a new one is made at once
  an update that was cut short by a power cut is undone (scripts/update.sh --undo)

  --settings     the settings only
  --help         this text
HELP
}

CONFIGURATIONS=30 CODES=4 CODE_DAYS=7 SYSTEM_DAYS=30 REREAD_DAYS=7
ONLY=''
case ${1:-} in
    '') ;;
    --settings) ONLY=settings ;;
    --help | -h) usage; exit 0 ;;
    *) usage >&2; die "Unknown option $1." ;;
esac
[ -r "$ROOT/.env" ] || die "$ROOT/.env cannot be read; run this as root."
WHO="${SUDO_USER:-$(id -un)} (scripts/backup-duties.sh)"
FOLDER=$(backup_dir)
NAME=$(date -u +%Y%m%dT%H%M%SZ)
FAILED=''
umask 077

# newest KIND: the newest backup of that kind, "" when there is none.
newest() { [ ! -d "$FOLDER/$1" ] || find "$FOLDER/$1" -mindepth 1 -maxdepth 1 -name '[0-9]*' ! -name '*.partial' | sort | tail -n 1; }

# older_than FOLDER DAYS: whether it is that old, or not there.
older_than() { [ ! -e "$1" ] || [ -n "$(find "$1" -maxdepth 0 -mmin "+$(($2 * 1440 - 120))")" ]; }

# keep KIND COUNT PACKER: a new backup of that kind, whole or not at all.
keep() {
    local partial=$FOLDER/$1/$NAME.partial
    mkdir -p "$FOLDER/$1"
    rm -rf "$FOLDER/$1"/*.partial
    mkdir "$partial"
    if "$3" "$partial" && sums "$partial" && sync -f "$partial" && mv "$partial" "$FOLDER/$1/$NAME"; then
        keep_newest "$FOLDER/$1" "$2"
        tell "$1" ok "$NAME is made: $(du -sh "$FOLDER/$1/$NAME" | cut -f1)."
        done_ "$FOLDER/$1/$NAME"
    else
        rm -rf "$partial"
        tell "$1" failed "It could not be saved: is the disk full? Nothing that looks like a backup was left."
        warn "the $1 could not be saved"
        FAILED=1
    fi
}

# settings_in FOLDER: one number for everything that pack_configuration packs.
settings_in() {
    local wanted
    mapfile -t wanted < <(ROOT=$1 configuration_parts)
    (cd "$1" && find "${wanted[@]}" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-64)
}

pack_settings() { pack_configuration "$1/configuration.tar.gz" && settings_in "$ROOT" >"$1/settings.sha256"; }

duty_settings() {
    local last
    last=$(newest configuration)
    [ -n "$last" ] && [ "$(cat "$last/settings.sha256" 2>/dev/null)" = "$(settings_in "$ROOT")" ] || keep configuration "$CONFIGURATIONS" pack_settings
}

duty_code() { ! older_than "$(newest code)" "$CODE_DAYS" || keep code "$CODES" pack_code; }

duty_system() {
    local last to
    last=$(newest system)
    # The first is made once there has been something to save for a day.
    if [ -n "$last" ]; then older_than "$last" "$SYSTEM_DAYS" || return 0; else older_than "$ROOT/.env" 1 || return 0; fi
    to=$(dotenv_get "$ROOT/.env" BACKUP_SYSTEM_TO)
    "$ROOT/scripts/backup-system.sh" ${to:+--to "$to"} || FAILED=1
}

# reread_KIND FOLDER SCRATCH: whether a backup can be used, tried out in an empty folder.
reread_configuration() {
    check_sums "$1" && tar -C "$2" -xzf "$1/configuration.tar.gz" || return 1
    [ ! -f "$1/settings.sha256" ] || [ "$(cat "$1/settings.sha256")" = "$(settings_in "$2")" ]
}
reread_code() {
    check_sums "$1" || return 1
    if [ -f "$1/code.bundle" ]; then git clone --quiet --bare "$1/code.bundle" "$2/code" && git -C "$2/code" fsck --no-progress; else tar -tzf "$1/code.tar.gz"; fi
}
reread_system() {
    local packed
    mkdir "$2/settings" && check_sums "$1" && tar -C "$2/settings" -xzf "$1/configuration.tar.gz" && [ -f "$2/settings/.env" ] || return 1
    for packed in models supervisor; do tar -tzf "$1/$packed.tar.gz" || return 1; done
    [ ! -f "$1/code.bundle" ] || git clone --quiet --bare "$1/code.bundle" "$2/code"
}

# duty_reread: what is kept is read back; what is damaged is set aside, and made anew by the duties that follow.
duty_reread() {
    local kind last scratch whole='' damaged=''
    older_than "$ROOT/.cache/reread" "$REREAD_DAYS" || return 0
    for kind in configuration code system; do
        last=$(newest "$kind")
        [ -n "$last" ] || continue
        scratch=$(mktemp -d "$ROOT/.cache/reread.XXXXXX")
        if "reread_$kind" "$last" "$scratch" >/dev/null 2>&1; then
            whole+=" $kind ${last##*/}"
        else
            damaged+=" $kind ${last##*/}"
            rm -rf "${last%/*}"/damaged-*
            mv "$last" "${last%/*}/damaged-${last##*/}"
        fi
        rm -rf "$scratch"
    done
    touch "$ROOT/.cache/reread"
    if [ -n "$damaged" ]; then
        tell reread failed "Damaged, set aside, and made anew:$damaged."
        warn "damaged:$damaged"
        FAILED=1
    elif [ -n "$whole" ]; then
        tell reread ok "Read back and whole:$whole."
    fi
}

duty_update() { [ ! -f "$ROOT/.cache/update/state" ] || "$ROOT/scripts/update.sh" --undo || FAILED=1; }

mkdir -p "$FOLDER" "$ROOT/.cache"
exec 6>"$ROOT/.cache/duties.lock"
flock --nonblock 6 || die "These duties are being done at this moment."
if [ "$ONLY" = settings ]; then duty_settings; else
    # Update and system backup use this folder's other locks; ours must not outlive us in them.
    duty_update 6>&-
    duty_reread
    duty_settings
    duty_code
    duty_system 6>&-
fi
[ -z "$FAILED" ]
