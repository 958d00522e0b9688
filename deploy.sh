#!/usr/bin/env bash
# From a bare machine to a page to sign in to, and from any version or interruption to this version. One file a phase, in order.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
cd "$ROOT"
STATE=$ROOT/.cache/deploy
DEPLOY_LOG=$STATE/deploy.log

for file in scripts/lib/{log,apt,dotenv,elsewhere}.sh scripts/deploy/{options,preflight,engine,registry,debian,images,keys,trust,configuration,start,database,copies,recovery,administrator,demo,duties,baseline,facts,summary}.sh; do
    # shellcheck source=/dev/null
    . "$file"
done

parse_options "$@"
SOURCE_FILE=$(mktemp)
trap 'rm -f "$SOURCE_FILE"' EXIT
trap 'warn "interrupted; run deploy.sh again and it goes on where it stopped"; exit 130' INT TERM

heading "Checking this machine (no impact yet)"
phase_preflight
plan_recovery
plan_engine
plan_configuration
plan_keys
plan_trust
plan_images
plan_start
plan_database
plan_administrator
plan_demo
plan_duties
plan_baseline
if [ -n "$DRY_RUN" ]; then
    note "dry run: nothing was changed"
    exit 0
fi
confirm

mkdir -p "$STATE"
exec 8>"$STATE/lock"
flock --nonblock 8 || die "Another deploy.sh is at work in this folder; wait for it to end."
: >"$DEPLOY_LOG"

heading "Docker";        phase_engine
heading "Configuration"; recover_configuration; phase_configuration
announce_deployment
heading "Images";        phase_images
if [ -n "$BUILD_ONLY" ]; then
    note "images only: nothing that runs was touched"
    exit 0
fi
heading "Services";      phase_start
heading "Database";      phase_database
[ -z "$RECOVERY" ] || heading "Recovery"
phase_recovery
heading "People";        phase_administrator
[ -z "$DEMO" ] || heading "Demonstration"
phase_demo
phase_duties
phase_baseline
phase_facts
heading "TradeAI is running"
phase_summary
