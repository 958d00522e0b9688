# Phase "database": brings the schema to this version.
# shellcheck shell=bash

plan_database() { would "run the database migrations that are missing"; }

phase_database() {
    local answer
    answer=$(scripts/tradeai migrate 2>>"$DEPLOY_LOG") ||
        die "The database could not be migrated: ${answer:-see $DEPLOY_LOG}. Nothing else was changed; run deploy.sh again when it is repaired."
    done_ "$(tail -n 1 <<<"$answer")"
}
