# Phase "baseline": the supervisor notes configuration and images as they are now; what differs later is reported as changed.
# shellcheck shell=bash

plan_baseline() { would "have the supervisor record configuration and images, so that later changes are noticed"; }

phase_baseline() {
    local answer port
    port=$(dotenv_get .env SUPERVISOR_PORT)
    # The password on standard input: arguments are for everybody to see.
    if answer=$(printf 'user = "operator:%s"\n' "$(dotenv_get .env SUPERVISOR_PASSWORD)" |
        curl -fsS -m 30 -K - -H 'Content-Type: application/json' -d '{"who": "deploy.sh"}' \
            "http://127.0.0.1:${port:-8080}/api/v1/baseline" 2>&1); then
        done_ "configuration and images are recorded"
    else
        warn "the supervisor did not record configuration and images (${answer:0:200}); it will report them as changed. Run deploy.sh again."
    fi
}
