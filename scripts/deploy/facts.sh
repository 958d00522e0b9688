# Phase "facts": tells the supervisor's doctor what it cannot see from inside its container. Beside the rest: nobody waits for it,
# and it may end after deploy.sh, so it has a log of its own.
# shellcheck shell=bash

phase_facts() {
    (nice scripts/host-facts.sh | scripts/tradeai doctor --last --json --facts -) >"$STATE/facts.log" 2>&1 </dev/null 8>&- &
    disown
}
