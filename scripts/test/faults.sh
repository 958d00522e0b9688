# The fault matrix: really breaks the appliance under test, takes about three quarters of an hour, and writes docs/faults.md.
# shellcheck shell=bash

tier_faults() {
    local code=0
    apt_install iptables iproute2 util-linux >>"$ARTIFACTS/apt.log" 2>&1 ||
        { warn "iptables and iproute2 could not be installed; see $ARTIFACTS/apt.log"; return 1; }
    appliance_up || return 1
    rm -f "$ARTIFACTS/faults.json"
    FULL=1 pytest_tier faults tests/faults || code=$?
    "$ROOT/.venv/bin/python" -m tests.faults docs/faults.md || code=1
    return "$code"
}
