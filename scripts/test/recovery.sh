# The disaster: deploys a machine of its own, loses it with everything on it, recovers it elsewhere, and writes docs/recovery.md.
# shellcheck shell=bash

tier_recovery() {
    local code=0
    if engine_installed && ! engine_running; then DEPLOY_LOG=$ARTIFACTS/engine.log start_engine; fi
    rm -f "$ARTIFACTS/recovery.json"
    FULL=1 pytest_tier recovery tests/recovery || code=$?
    "$ROOT/.venv/bin/python" -m tests.recovery docs/recovery.md || code=1
    return "$code"
}
