#!/usr/bin/env bash
# To another version and, when it does not work, back by itself: code, images and data. Cut short anywhere, the next run undoes it.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
# shellcheck source=scripts/lib/log.sh
. "$ROOT/scripts/lib/log.sh"
# shellcheck source=scripts/lib/dotenv.sh
. "$ROOT/scripts/lib/dotenv.sh"
# shellcheck source=scripts/lib/backup.sh
. "$ROOT/scripts/lib/backup.sh"
# shellcheck source=scripts/lib/supervisor.sh
. "$ROOT/scripts/lib/supervisor.sh"
# shellcheck source=scripts/lib/update.sh
. "$ROOT/scripts/lib/update.sh"

usage() {
    cat <<'HELP'
Usage: sudo scripts/update.sh [REF] [options]

Updates an installation that is a git clone to REF (a tag, branch or commit; by default the newest of the branch it follows):
looks whether it can be done, makes a full backup, builds the new images beside the running system, switches, migrates, and
watches the appliance for two minutes. When any step fails it goes back to the previous code, images and data by itself.

  --undo   undo an update that was interrupted
  --help   this text

Exit code 0 when the new version runs, 1 when not; then the old one does.
HELP
}

failed() {
    tell update failed "The update to ${NEW:0:12} failed: $1. Going back to ${OLD:0:12}."
    go_back
    tell update ok "The update to ${NEW:0:12} was undone ($1); ${OLD:0:12} runs."
    die "The update to ${NEW:0:12} was undone: $1. The version from before runs; what the steps said is in $STATE_FOLDER/log."
}

preflight() {
    own_clone || die "This installation is no git clone: copy the new version over it and run ./deploy.sh. Nothing was changed."
    [ -z "$(git -C "$ROOT" status --porcelain --untracked-files=no)" ] || die "Files of this installation were changed (git status). Put them away first. Nothing was changed."
    [ "$(health)" = ok ] || die "The appliance is $(health): repair it before it is updated (scripts/tradeai doctor). Nothing was changed."
    OLD=$(git -C "$ROOT" rev-parse HEAD)
    say "fetching"
    git -C "$ROOT" fetch --quiet --tags 2>/dev/null || warn "nothing could be fetched; only what is here already can be updated to"
    NEW=$(git -C "$ROOT" rev-parse --verify --quiet "${REF:-@{upstream\}}^{commit}") || die "There is no version ${REF:-to follow}. Nothing was changed."
    if [ "$OLD" = "$NEW" ]; then
        done_ "this is ${NEW:0:12} already"
        exit 0
    fi
}

WHO="${SUDO_USER:-$(id -un)} (scripts/update.sh)"

main() {
    REF='' UNDO=''
    while [ $# -gt 0 ]; do
        case $1 in
            --undo) UNDO=1 ;;
            --help | -h) usage; exit 0 ;;
            -*) usage >&2; die "Unknown option $1." ;;
            *) REF=$1 ;;
        esac
        shift
    done
    mkdir -p "$STATE_FOLDER"
    exec 7>"$STATE_FOLDER/lock"
    flock --nonblock 7 || die "Another update is at work in this folder; wait for it to end."
    if [ -f "$STATE_FILE" ]; then
        warn "an update was interrupted at the step \"$(recall STEP)\""
        tell update failed "An update was interrupted at the step \"$(recall STEP)\". Going back to $(recall OLD | cut -c1-12)."
        go_back
        tell update ok "An interrupted update was undone; $(git -C "$ROOT" rev-parse --short=12 HEAD) runs."
        done_ "the interrupted update was undone"
        [ -z "$UNDO" ] || exit 0
    fi
    [ -z "$UNDO" ] || die "There is no interrupted update."

    heading "Looking whether it can be updated (no impact yet)"
    preflight
    : >"$STATE_FOLDER/log"
    heading "Full backup"
    "$ROOT/scripts/backup-system.sh" --no-drill || die "Without a backup nothing is updated. Nothing was changed."
    begin_state "$OLD" "$NEW" "$(newest_backup)" "$(migration)"

    heading "Building ${NEW:0:12} beside the running system"
    remember STEP build
    keep_images
    git -C "$ROOT" checkout --quiet "$NEW" >>"$STATE_FOLDER/log" 2>&1 7>&- || failed "its code could not be checked out"
    "$ROOT/deploy.sh" --yes --build >>"$STATE_FOLDER/log" 2>&1 7>&- </dev/null || failed "its images could not be built: $(last_words)"

    heading "Switching"
    # What is stopped and started now is neither healed nor an alarm.
    hold_lease update update.sh "update from ${OLD:0:12} to ${NEW:0:12}" || failed "the supervisor does not leave the services to the update: ${LEASE_ANSWER:0:200}"
    remember STEP switch
    "$ROOT/deploy.sh" --yes >>"$STATE_FOLDER/log" 2>&1 7>&- </dev/null || failed "it did not start or migrate: $(last_words)"

    heading "Watching for $WATCH_SECONDS s"
    remember STEP watch
    end_lease update
    watch_over || failed "it does not work: $TROUBLE"
    forget
    tell update ok "Updated from ${OLD:0:12} to ${NEW:0:12} in $SECONDS s; it was watched for $WATCH_SECONDS s."
    heading "Updated to ${NEW:0:12}"
}

# Read as a whole before it runs: the checkout replaces this very file.
main "$@"
exit
