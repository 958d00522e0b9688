#!/usr/bin/env bash
# Measures the deployed test appliance against bare controls in the same run; prints a table and keeps JSON.
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

case ${1:-} in
    --help)
        cat <<'HELP'
Usage: scripts/bench.sh [memory|budget|list|import|page|sockets|people|simulate|start|backup ...]
       scripts/bench.sh peers

Deploys an appliance of its own with the demo data, measures (all by default, except backup, which fills a database with 1.6
million sales and takes the better part of an hour; TRADEAI_BENCH_DOCUMENTS makes it less), prints the table of figures and goals,
keeps them in tests/artifacts/bench.json, and takes the appliance down. Load goes to this machine only.

peers: breaks the appliance while the supervisor, Monit, and Prometheus with Alertmanager watch it, one after the other (half an
hour); the others are Debian's packages, unpacked and not installed. tests/artifacts/peers.json keeps what came of it.
HELP
        exit 0
        ;;
esac

KEEP=''
begin_tests
apt_install chromium fonts-dejavu-core >>"$ARTIFACTS/apt.log" 2>&1 || die "Chromium could not be installed; see $ARTIFACTS/apt.log."
# 1,000 sockets and 1,000 people need more open files than the usual 1,024.
ulimit -n 8192
appliance_up
if [ "${1:-}" = peers ]; then
    watchers_up
    "$ROOT/.venv/bin/python" -m tests.peers "$ARTIFACTS/peers.json" "$ROOT/.cache/watchers"
    exit
fi
"$ROOT/.venv/bin/python" -m tests.bench "$ARTIFACTS/bench.json" "$@"
