# Phase "facts": tells the supervisor's doctor what it cannot see from inside its container. Beside the rest: nobody waits for it.
# shellcheck shell=bash

phase_facts() {
    (nice scripts/host-facts.sh | scripts/tradeai doctor --last --json --facts -) >>"$DEPLOY_LOG" 2>&1 </dev/null 8>&- &
    disown
}
