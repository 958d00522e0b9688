# What was asked for on the command line.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the phases read these

usage() {
    cat <<'HELP'
Usage: sudo ./deploy.sh [options]

Brings TradeAI up on this machine: installs Docker if it is missing, pulls or builds the images, makes secrets, starts everything
in order, migrates the database and makes the first administrator. Run it again after an update, a changed .env, an interruption
or just so: it changes only what differs and keeps all data and secrets.

  --yes            ask nothing
  --demo           load real demonstration sales (orange juice, 83 stores, 106,139 rows)
  --offline        do not try the image registry; build everything from Debian, PyPI, npm and Go packages
  --domain NAME    the name people will type; goes into the certificate
  --email ADDRESS  the first administrator's address
  --port NUMBER    serve HTTP there instead of 80 (HTTPS moves to NUMBER + 363, as 443 is to 80)
  --restore-from PLACE
                   disaster recovery: settings, secrets and data of a full backup (scripts/backup-system.sh), or of the
                   newest proven one in PLACE, onto this machine; a folder, a web address, or an rclone remote (s3:bucket/tradeai)
  --database-from PLACE
                   with it: where newer copies of the database lie, a folder or an rclone remote; without it the place that
                   BACKUP_OFFSITE of the backup's own settings names is looked at
  --recovery-key FILE
                   opens what was sealed
  --rotate-keys    sign access tokens with a new key and drop the key before last; nobody is signed out
  --build          build the images and stop there: what runs is not touched (scripts/update.sh does it first)
  --dry-run        print each step and change nothing
  --help           this text

Settings are in .env (made at the first run), the log of the last run in .cache/deploy/deploy.log.
HELP
}

parse_options() {
    ASSUME_YES='' DEMO='' OFFLINE='' DOMAIN='' EMAIL='' PORT='' DRY_RUN='' RESTORE_FROM='' RECOVERY_KEY='' DATABASE_FROM='' BUILD_ONLY='' ROTATE_KEYS=''
    while [ $# -gt 0 ]; do
        case $1 in
            --yes | -y) ASSUME_YES=1 ;;
            --demo) DEMO=1 ;;
            --offline) OFFLINE=1 ;;
            --build) BUILD_ONLY=1 ;;
            --rotate-keys) ROTATE_KEYS=1 ;;
            --dry-run) DRY_RUN=1 ;;
            --domain | --email | --port | --restore-from | --recovery-key | --database-from)
                [[ ${2:---} != --* ]] || die "$1 needs a value; see ./deploy.sh --help."
                case $1 in --domain) DOMAIN=$2 ;; --email) EMAIL=$2 ;; --port) PORT=$2 ;; --restore-from) RESTORE_FROM=$2 ;; --recovery-key) RECOVERY_KEY=$2 ;; --database-from) DATABASE_FROM=$2 ;; esac
                shift
                ;;
            --help | -h) usage; exit 0 ;;
            *) die "Unknown option $1; see ./deploy.sh --help." ;;
        esac
        shift
    done
    [ -z "$DOMAIN" ] || [[ $DOMAIN =~ ^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$ ]] || die "--domain must be a host name such as trade.example.com, not \"$DOMAIN\"."
    [ -z "$EMAIL" ] || [[ $EMAIL =~ ^[^[:space:]@]+@[^[:space:]@]+$ ]] || die "--email must be a mail address, not \"$EMAIL\"."
    [ -z "$PORT" ] || { [[ $PORT =~ ^[0-9]+$ ]] && [ "$PORT" -ge 1 ] && [ "$PORT" -le 65172 ]; } || die "--port must be a number from 1 to 65172, not \"$PORT\"."
    [ -z "$RESTORE_FROM" ] || [ -d "$RESTORE_FROM" ] || is_web "$RESTORE_FROM" || is_remote "$RESTORE_FROM" ||
        die "--restore-from must be a folder that exists, a web address or an rclone remote, not \"$RESTORE_FROM\"."
    [ -z "$DATABASE_FROM" ] || [ -d "$DATABASE_FROM" ] || is_remote "$DATABASE_FROM" || die "--database-from must be a folder that exists or an rclone remote, not \"$DATABASE_FROM\"."
    [ -z "$RECOVERY_KEY" ] || [ -r "$RECOVERY_KEY" ] || die "--recovery-key must be a file that can be read, not \"$RECOVERY_KEY\"."
}

confirm() {
    [ -z "$ASSUME_YES" ] || return 0
    [ -t 0 ] || die "Nobody is there to answer; add --yes to deploy without a question."
    local answer
    read -r -p "  Go on? [y/N] " answer
    [[ $answer =~ ^[Yy] ]] || { say "Nothing was changed."; exit 0; }
}
