# Phase "baseline": the supervisor notes configuration and images as they are now; what differs later is reported as changed.
# shellcheck shell=bash

plan_baseline() { would "have the supervisor record configuration and images, so that later changes are noticed"; }

# shellcheck source=scripts/lib/supervisor.sh
. scripts/lib/supervisor.sh

# A supervisor that runs already must not report as changed what this very run changes; on a bare machine there is none yet.
announce_deployment() { ask_supervisor POST /api/v1/baseline/expected '{"seconds": 7200}' >>"$DEPLOY_LOG" || true; }

phase_baseline() {
    local answer
    if answer=$(ask_supervisor POST /api/v1/baseline '{"who": "deploy.sh"}'); then
        done_ "configuration and images are recorded"
    else
        warn "the supervisor did not record configuration and images (${answer:0:200}); it will report them as changed. Run deploy.sh again."
    fi
}
