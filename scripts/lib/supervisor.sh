# Asking the supervisor, and its maintenance leases: while a script works on the services, they are neither healed nor an alarm.
# shellcheck shell=bash

# Short, and renewed for as long as the script lives: one that was killed keeps the supervisor's hands off for no longer.
LEASE_SECONDS=120
LEASE_KEEPER='' LEASE_ANSWER=''

# ask_supervisor METHOD PATH [JSON]: one request to its API. The password goes in on standard input: arguments are for everybody to see.
ask_supervisor() {
    local port env=${ROOT:-.}/.env
    port=$(dotenv_get "$env" SUPERVISOR_PORT)
    printf 'user = "operator:%s"\n' "$(dotenv_get "$env" SUPERVISOR_PASSWORD)" |
        curl -fsS -m 30 -K - -X "$1" -H 'Content-Type: application/json' ${3:+-d "$3"} "http://127.0.0.1:${port:-8080}$2" 2>&1
}

# hold_lease NAME HOLDER WHY: over all services, renewed in the background until end_lease; 1 with the reason in LEASE_ANSWER.
hold_lease() {
    local body
    body=$(printf '{"name":"%s","services":"all","seconds":%d,"holder":"%s","why":"%s"}' "$1" "$LEASE_SECONDS" "$2" "$3")
    LEASE_ANSWER=$(ask_supervisor POST /api/v1/leases "$body") || return 1
    renew_lease "$body" >/dev/null 2>&1 </dev/null 7>&- &
    LEASE_KEEPER=$!
}

# renew_lease BODY: asking again with the same name and holder extends it. While the supervisor is made anew it cannot answer.
renew_lease() {
    while sleep $((LEASE_SECONDS / 3)) && kill -0 $$ 2>/dev/null; do ask_supervisor POST /api/v1/leases "$1" || true; done
}

# end_lease NAME: whoever took it, or not. A supervisor that is made anew remembers it and is waited for; at the worst it runs out.
end_lease() {
    local deadline=$((SECONDS + LEASE_SECONDS))
    [ -z "$LEASE_KEEPER" ] || kill "$LEASE_KEEPER" 2>/dev/null || true
    LEASE_KEEPER=''
    until LEASE_ANSWER=$(ask_supervisor DELETE "/api/v1/leases/$1?who=$(basename "$0")"); do
        case $LEASE_ANSWER in *'error: 404'*) return 0 ;; esac
        [ "$SECONDS" -lt "$deadline" ] || return 0
        sleep 1
    done
}
