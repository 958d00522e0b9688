# Part of phase "images": whether images are pulled from the registry or built from packages.
# shellcheck shell=bash

REGISTRY_URL=${REGISTRY_URL:-https://registry-1.docker.io/v2/}
REGISTRY_SECONDS=${REGISTRY_SECONDS:-4}

# registry_answer: the HTTP status of the registry, 000 when it does not answer within a few seconds.
registry_answer() { http_status "$REGISTRY_URL" "$REGISTRY_SECONDS"; }

# choose_source OFFLINE STATUS: "registry" or "packages". A registry that is there answers 200, or 401 to whoever has not signed in;
# anything else (no answer, a proxy's refusal, an overload) is no registry to build a house on.
choose_source() {
    if [ -n "$1" ]; then
        echo packages
        return
    fi
    case $2 in
        200 | 401) echo registry ;;
        *) echo packages ;;
    esac
}

# image_source: the choice for this run, asked once.
image_source() {
    local kept=${SOURCE_FILE:-}
    [ -n "$kept" ] || { choose_source "${OFFLINE:-}" "$([ -n "${OFFLINE:-}" ] || registry_answer)"; return; }
    [ -s "$kept" ] || choose_source "${OFFLINE:-}" "$([ -n "${OFFLINE:-}" ] || registry_answer)" >"$kept"
    cat "$kept"
}
