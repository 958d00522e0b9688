# Phase "start": everything up in order, with one line a service that says how far it is.
# shellcheck shell=bash

START_SECONDS=${START_SECONDS:-300}
SERVICES=(dockerproxy supervisor mongodb redis backend realtime worker ai nginx backup drill)

plan_start() { would "start what is not running, in order: data, api, ai, edge; and wait until everything is healthy"; }

phase_start() {
    local starter code=0 options=(up -d --no-build --remove-orphans)
    # Compose does not see that a secret file's content changed.
    [ ! -e "$SECRETS_PENDING" ] || options+=(--force-recreate)
    printf '\n$ docker compose %s\n' "${options[*]}" >>"$DEPLOY_LOG"
    compose "${options[@]}" >>"$DEPLOY_LOG" 2>&1 </dev/null 8>&- &
    starter=$!
    show_progress "$starter" || code=$?
    if [ "$code" -ne 0 ]; then
        kill "$starter" 2>/dev/null || true
        name_the_blocker
    fi
    wait "$starter" || true
    rm -f "$SECRETS_PENDING"
    [ -z "$CERTIFICATE_CHANGED" ] || compose exec -T nginx nginx -s reload >>"$DEPLOY_LOG" 2>&1 </dev/null || true
    done_ "all ${#SERVICES[@]} services are healthy"
}

# service_states: "service state" a line: starting, healthy, unhealthy, created, exited ...
service_states() {
    docker ps -a --filter "label=com.docker.compose.project=$(dotenv_get .env COMPOSE_PROJECT_NAME)" --filter label=com.docker.compose.oneoff=False \
        --format '{{.Label "com.docker.compose.service"}} {{.State}} {{.Status}}' |
        sed -E 's/^(\S+) \S+ .*\((healthy|unhealthy)\).*$/\1 \2/; s/^(\S+) \S+ .*\(health: starting\).*$/\1 starting/; s/^(\S+) (\S+) .*$/\1 \2/'
}

# show_progress STARTER: until every service is healthy; 1 when the time is up or the starter gave up on something.
show_progress() {
    local starter=$1 started=$SECONDS service state states waiting drawn='' quiet_since=''
    local -A before=()
    while :; do
        states=$(service_states)
        waiting=0
        [ -z "$drawn" ] || [ ! -t 1 ] || printf '\e[%dA' "${#SERVICES[@]}"
        for service in "${SERVICES[@]}"; do
            state=$(awk -v name="$service" '$1 == name { print $2; exit }' <<<"$states")
            [ "$state" = healthy ] || waiting=$((waiting + 1))
            if [ -t 1 ]; then
                progress_line "$service" "${state:-waiting}"
            elif [ "${before[$service]:-}" != "$state" ] && [ -n "$state" ]; then
                progress_line "$service" "$state"
            fi
            before[$service]=$state
        done
        drawn=1
        [ "$waiting" -gt 0 ] || { kill -0 "$starter" 2>/dev/null || return 0; }
        [ $((SECONDS - started)) -lt "$START_SECONDS" ] || return 1
        # Compose has given up, and what it left has had a minute to come up: the supervisor heals, but not during an update.
        if ! kill -0 "$starter" 2>/dev/null; then
            [ -n "$quiet_since" ] || start_the_rest
            quiet_since=${quiet_since:-$SECONDS}
            [ $((SECONDS - quiet_since)) -lt 60 ] || return 1
        fi
        sleep 0.5
    done
}

# start_the_rest: what Compose made and did not start, because what it waits for took too long.
start_the_rest() {
    docker ps -aq --filter "label=com.docker.compose.project=$(dotenv_get .env COMPOSE_PROJECT_NAME)" --filter label=com.docker.compose.oneoff=False \
        --filter status=created --filter status=exited | xargs --no-run-if-empty docker start >>"$DEPLOY_LOG" 2>&1 || true
}

progress_line() {
    local mark="$BLUE…$PLAIN"
    case $2 in
        healthy) mark="$GREEN✓$PLAIN" ;;
        unhealthy | exited | dead) mark="$RED✗$PLAIN" ;;
    esac
    printf '  %s %-12s %-12s\n' "$mark" "$1" "$2"
}

name_the_blocker() {
    local service state sick=''
    while read -r service state; do
        case $state in
            unhealthy | exited | dead)
                sick+=" $service"
                printf '%s  last lines of %s:%s\n' "$RED" "$service" "$PLAIN" >&2
                compose logs --no-color --no-log-prefix --tail 15 "$service" 2>&1 | cut -c1-300 | sed 's/^/    /' >&2
                ;;
        esac
    done < <(service_states)
    die "Not everything became healthy within its time:${sick:- see docker compose ps}. Look at docker compose logs, then run deploy.sh again: it goes on where it stopped."
}
