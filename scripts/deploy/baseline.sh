# Phase "baseline": the supervisor notes configuration and images as they are now; what differs later is reported as changed.
# shellcheck shell=bash

plan_baseline() { would "have the supervisor record configuration and images, so that later changes are noticed"; }

# ask_supervisor PATH JSON: one POST to its API. The password goes in on standard input: arguments are for everybody to see.
ask_supervisor() {
    local port
    port=$(dotenv_get .env SUPERVISOR_PORT)
    printf 'user = "operator:%s"\n' "$(dotenv_get .env SUPERVISOR_PASSWORD)" |
        curl -fsS -m 30 -K - -H 'Content-Type: application/json' -d "$2" "http://127.0.0.1:${port:-8080}$1" 2>&1
}

# A supervisor that runs already must not report as changed what this very run changes; on a bare machine there is none yet.
announce_deployment() { ask_supervisor /api/v1/baseline/expected '{"seconds": 7200}' >>"$DEPLOY_LOG" || true; }

phase_baseline() {
    local answer
    if answer=$(ask_supervisor /api/v1/baseline '{"who": "deploy.sh"}'); then
        done_ "configuration and images are recorded"
    else
        warn "the supervisor did not record configuration and images (${answer:0:200}); it will report them as changed. Run deploy.sh again."
    fi
}
