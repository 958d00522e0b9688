# How the scripts speak: one line a step, colours only on a terminal, errors that say what to do.
# shellcheck shell=bash

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' YELLOW=$'\e[33m' BLUE=$'\e[34m' PLAIN=$'\e[0m'
else
    BOLD='' DIM='' RED='' GREEN='' YELLOW='' BLUE='' PLAIN=''
fi

heading() { printf '\n%s%s%s\n' "$BOLD" "$*" "$PLAIN"; }
say() { printf '  %s\n' "$*"; }
done_() { printf '  %s✓%s %s\n' "$GREEN" "$PLAIN" "$*"; }
note() { printf '  %s%s%s\n' "$DIM" "$*" "$PLAIN"; }
would() { printf '  %swould%s %s\n' "$BLUE" "$PLAIN" "$*"; }
warn() { printf '  %s!%s %s\n' "$YELLOW" "$PLAIN" "$*" >&2; }

# die SENTENCE: one clear sentence on stderr, exit 1.
die() {
    printf '%s✗ %s%s\n' "$RED" "$*" "$PLAIN" >&2
    exit 1
}

# quietly LOG COMMAND...: runs with output into LOG; on failure shows its last lines and returns the code.
quietly() {
    local log=$1 code=0
    shift
    printf '\n$ %s\n' "$*" >>"$log"
    "$@" >>"$log" 2>&1 </dev/null || code=$?
    if [ "$code" -ne 0 ]; then
        printf '%s  last lines of %s:%s\n' "$RED" "$log" "$PLAIN" >&2
        tail -n 15 "$log" | sed 's/^/    /' >&2
    fi
    return "$code"
}

# twice COMMAND...: what other machines are asked for is asked for once more after a pause, because package sources fail for moments.
twice() {
    "$@" && return
    warn "That failed, perhaps only for a moment: once more in ${RETRY_SECONDS:=10} s."
    sleep "$RETRY_SECONDS"
    "$@"
}
