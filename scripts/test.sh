#!/usr/bin/env bash
# The whole proof of TradeAI with one command, on a bare machine: cheapest tier first, the appliance taken down at the end.
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"
# shellcheck source=scripts/lib/log.sh
. scripts/lib/log.sh
# shellcheck source=scripts/lib/apt.sh
. scripts/lib/apt.sh
# shellcheck source=scripts/lib/python.sh
. scripts/lib/python.sh
# shellcheck source=scripts/test/tiers.sh
. scripts/test/tiers.sh
# shellcheck source=scripts/test/appliance.sh
. scripts/test/appliance.sh
# shellcheck source=scripts/test/faults.sh
. scripts/test/faults.sh
# shellcheck source=scripts/test/recovery.sh
. scripts/test/recovery.sh

# Compiled Python is kept, whatever the environment says: compiling everything anew is half the work of a quick run.
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX=$ROOT/.cache/bytecode

usage() {
    cat <<'HELP'
Usage: scripts/test.sh [options]

Runs every tier of tests: static, unit, integration, e2e, browser, contract. Installs what it needs (Debian packages,
Python packages, Chromium), deploys an appliance of its own beside any running one, and takes it down again.

  --fast          unit tests only, without the slow ones (no Docker, no network once installed)
  --full          also the long tests, the tier recovery, which loses a whole machine (docs/recovery.md), and the tier faults,
                  which breaks the appliance in fifty ways (docs/faults.md)
  --only TIER     just this tier (may be given several times)
  --keep          leave the appliance up afterwards, and print its address
  --help          this text

Results, logs and screenshots: tests/artifacts/ (ignored by git).
HELP
}

TIERS=(static unit integration e2e browser contract)
ONLY=() KEEP='' FULL='' FAST=''
while [ $# -gt 0 ]; do
    case $1 in
        --fast) ONLY=(unit) FAST=1 ;;
        --full) FULL=1 ;;
        --keep) KEEP=1 ;;
        --only)
            [[ " ${TIERS[*]} recovery faults " == *" ${2:-} "* ]] || die "--only takes one of: ${TIERS[*]} recovery faults."
            ONLY+=("$2")
            shift
            ;;
        --help) usage; exit 0 ;;
        *) usage >&2; die "Unknown option $1." ;;
    esac
    shift
done
[ -z "$FULL" ] || TIERS+=(recovery faults)
[ ${#ONLY[@]} -gt 0 ] && TIERS=("${ONLY[@]}")
export KEEP FULL FAST

begin_tests
for tier in "${TIERS[@]}"; do run_tier "$tier"; done
end_tests
