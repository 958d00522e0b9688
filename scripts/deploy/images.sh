# Phase "images": every image this version needs, pulled or built, and nothing built again that did not change.
# shellcheck shell=bash

# The compiled inputs and the images they became; a run that finds both unchanged builds nothing.
IMAGES_STATE=$STATE/images

# Services that have a build section (besides mongodb, which comes first), and the two images that they stand on.
BUILT_SERVICES=(redis backend ai nginx dockerproxy backup)
BASE_IMAGES=(base build)

compose() { docker compose --project-directory "$ROOT" "$@"; }

# inputs_hash: one number for everything that images are made of.
inputs_hash() {
    {
        dotenv_get .env TRADEAI_DATABASE
        docker image inspect --format '{{.Id}}' tradeai/debian:bookworm 2>/dev/null
        find compose app ai demo pyproject.toml uv.lock .dockerignore docker-compose.yml -type f \
            ! -path '*/__pycache__/*' ! -path '*/node_modules/*' ! -path 'app/web/static/vendor/*' -print0 | sort -z | xargs -0 sha256sum
    } | sha256sum | cut -c1-16
}

image_names() {
    local tag
    tag=$(dotenv_get .env TRADEAI_TAG)
    printf 'tradeai/%s:local\n' "${BASE_IMAGES[@]}"
    printf "tradeai/%s:${tag:-local}\n" "$(dotenv_get .env TRADEAI_DATABASE)" redis app ai nginx dockerproxy backup
}

# images_fingerprint: inputs and the ids of the images here; fails when one is missing.
images_fingerprint() {
    local names
    mapfile -t names < <(image_names)
    inputs_hash && docker image inspect --format '{{.Id}}' "${names[@]}" 2>/dev/null
}

images_unchanged() { [ -s "$IMAGES_STATE" ] && [ "$(images_fingerprint 2>/dev/null)" = "$(cat "$IMAGES_STATE")" ]; }

# images_present: whether an earlier run has finished this phase (of this or an older version).
images_present() { [ -s "$IMAGES_STATE" ] && engine_running && docker image inspect tradeai/build:local >/dev/null 2>&1; }

plan_images() {
    if images_unchanged; then
        done_ "images are up to date"
    elif [ "$(image_source)" = registry ]; then
        would "pull $DEBIAN_IMAGE and MongoDB, and build TradeAI's images on them"
    else
        would "build all images from packages (no registry: 3 to 6 minutes the first time, seconds later)"
    fi
}

phase_images() {
    decide_database
    if images_unchanged; then
        done_ "images are up to date"
        return
    fi
    write_certificates
    write_sources
    obtain_debian bookworm
    [ "$(dotenv_get .env TRADEAI_DATABASE)" = mongodb ] || obtain_debian sid
    local target
    for target in "${BASE_IMAGES[@]}"; do build_base "$target"; done
    say "building TradeAI's images (what did not change is taken as it is)"
    # The image `backup` takes the tools out of the database's.
    { twice quietly "$DEPLOY_LOG" compose build --quiet mongodb && twice quietly "$DEPLOY_LOG" compose build --quiet "${BUILT_SERVICES[@]}"; } ||
        die "Images could not be built; the whole log is $DEPLOY_LOG. Repair what it names and run deploy.sh again: it goes on where it stopped."
    docker image prune --force --filter label=tradeai.image=yes >>"$DEPLOY_LOG" 2>&1 || true
    images_fingerprint >"$IMAGES_STATE.new"
    mv "$IMAGES_STATE.new" "$IMAGES_STATE"
    done_ "images are ready"
}

# decide_database: once for the life of the data. MongoDB and its stand-in do not read each other's files, so a registry that
# answers tomorrow must not change what was chosen today (docs/decisions/0010).
decide_database() {
    [ -z "$(dotenv_get .env TRADEAI_DATABASE)" ] || return 0
    local kind=mongodb-standin
    if [ "$(image_source)" = registry ]; then
        say "pulling MongoDB"
        if twice quietly "$DEPLOY_LOG" docker pull "$(sed -n 's/^ARG MONGO=//p' compose/mongodb/Dockerfile)"; then
            kind=mongodb
        else
            warn "the registry answered but gave no MongoDB; the stand-in is built from packages instead"
        fi
    fi
    dotenv_set .env TRADEAI_DATABASE "$kind"
}

# obtain_debian SUITE: the root file system, pulled if it can be, else built.
obtain_debian() {
    local suite=$1
    debian_ready "$suite" && return
    if [ "$suite" = bookworm ] && [ "$(image_source)" = registry ]; then
        say "pulling $DEBIAN_IMAGE"
        pull_debian && return
        warn "the registry answered but gave no image; building Debian from packages instead"
    fi
    say "building a Debian $suite root file system from packages (about a minute, once)"
    build_debian "$suite" || die "Debian $suite could not be built from $(debian_mirror); the whole log is $DEPLOY_LOG. Run deploy.sh again when the archive answers."
}

build_base() {
    say "building tradeai/$1"
    twice quietly "$DEPLOY_LOG" env DOCKER_BUILDKIT=1 docker build --quiet -f compose/base/Dockerfile --target "$1" -t "tradeai/$1:local" \
        --secret "id=ca,src=$STATE/ca" --secret "id=sources,src=$STATE/sources" . ||
        die "The image tradeai/$1 could not be built; the whole log is $DEPLOY_LOG. Run deploy.sh again when the package sources answer."
}

# write_certificates: whom this machine trusts, for the builds: a build secret, in no layer.
write_certificates() {
    local bundle
    bundle=$(dotenv_get .env TRADEAI_CA_BUNDLE)
    [ -r "$bundle" ] || bundle=/dev/null
    cmp -s "$bundle" "$STATE/ca" || cp "$bundle" "$STATE/ca"
}

# write_sources: where this machine gets Python, npm and Go packages from, for the builds: a build secret, in no layer.
write_sources() {
    local name value new=$STATE/sources.new
    (umask 077 && : >"$new")
    for name in PIP_INDEX_URL PIP_EXTRA_INDEX_URL UV_DEFAULT_INDEX UV_INDEX_URL GOPROXY GOSUMDB GONOSUMDB GONOSUMCHECK GOINSECURE \
        HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy NPM_CONFIG_REGISTRY npm_config_registry; do
        value=${!name:-}
        [ -z "$value" ] || printf 'export %s=%q\n' "$name" "$value" >>"$new"
    done
    if [ -z "${PIP_INDEX_URL:-}" ]; then
        value=$(python3 -m pip config get global.index-url 2>/dev/null || true)
        [ -z "$value" ] || printf 'export PIP_INDEX_URL=%q UV_DEFAULT_INDEX=%q\n' "$value" "$value" >>"$new"
    elif [ -z "${UV_DEFAULT_INDEX:-}" ]; then
        printf 'export UV_DEFAULT_INDEX=%q\n' "$PIP_INDEX_URL" >>"$new"
    fi
    if [ -z "${NPM_CONFIG_REGISTRY:-}${npm_config_registry:-}" ]; then
        value=$(npm config get registry 2>/dev/null || true)
        [ -z "$value" ] || [ "$value" = undefined ] || printf 'export NPM_CONFIG_REGISTRY=%q\n' "$value" >>"$new"
    fi
    mv "$new" "$STATE/sources"
}
