# The appliance under test: a copy of this tree with its own project name, ports and folders, always taken down at the end.
# shellcheck shell=bash

APPLIANCE=$ROOT/.cache/appliance
TEST_PROJECT=tradeai-test
DATA_PROJECT=tradeai-test-data
TEST_USER=tester@example.com
APPLIANCE_IS_UP=''

take_down() {
    local code=$?
    trap - EXIT INT TERM
    if [ -d "$APPLIANCE" ] && docker info >/dev/null 2>&1; then
        collect_logs
        data_services_down
        if [ -n "$KEEP" ] && [ -n "$APPLIANCE_IS_UP" ]; then
            note "kept: $(appliance_setting HTTPS_PORT | sed 's#^#https://127.0.0.1:#'), folder $APPLIANCE, user $TEST_USER, password in $APPLIANCE/test-password"
        else
            remove_project "$TEST_PROJECT"
        fi
    fi
    exit "$code"
}
trap take_down EXIT
trap 'exit 130' INT TERM

# remove_project NAME: containers, networks and volumes of one Compose project.
remove_project() {
    docker ps -aq --filter "label=com.docker.compose.project=$1" | xargs -r docker rm -fv >/dev/null 2>&1 || true
    docker network ls -q --filter "label=com.docker.compose.project=$1" | xargs -r docker network rm >/dev/null 2>&1 || true
    docker volume ls -q --filter "label=com.docker.compose.project=$1" | xargs -r docker volume rm >/dev/null 2>&1 || true
}

appliance_setting() { sed -n "s/^$1=//p" "$APPLIANCE/.env" | tail -n 1; }

# copy_tree: what git knows or would know, as a fresh clone would have it, with test settings as its .env.
copy_tree() {
    rm -rf "$APPLIANCE"
    mkdir -p "$APPLIANCE"
    git -C "$ROOT" ls-files -co --exclude-standard -z | (cd "$ROOT" && xargs -0 ls -d 2>/dev/null | tar -cf - -T -) | tar -xf - -C "$APPLIANCE"
    install -m 600 "$ROOT/scripts/test/appliance.env" "$APPLIANCE/.env"
}

collect_logs() {
    local project
    for project in "$TEST_PROJECT" "$DATA_PROJECT"; do
        docker ps -a --filter "label=com.docker.compose.project=$project" --format '{{.Names}}' | while read -r name; do
            docker logs "$name" >"$ARTIFACTS/$name.log" 2>&1 || true
        done
    done
}

# appliance_up: deploys once per run with the real deploy.sh, loads the demo data, makes the tests' administrator.
appliance_up() {
    [ -z "$APPLIANCE_IS_UP" ] || return 0
    remove_project "$TEST_PROJECT"
    copy_tree
    say "deploying the appliance under test; log: $ARTIFACTS/deploy.log"
    (cd "$APPLIANCE" && ./deploy.sh --yes --demo) >"$ARTIFACTS/deploy.log" 2>&1 || {
        tail -n 40 "$ARTIFACTS/deploy.log" >&2
        return 1
    }
    APPLIANCE_IS_UP=1
    local password
    password=$(head -c 18 /dev/urandom | base64)
    printf '%s' "$password" >"$APPLIANCE/test-password"
    printf '%s\n' "$password" | (cd "$APPLIANCE" && scripts/tradeai user add "$TEST_USER" --name "Test Person" --role administrator --password-stdin) \
        >"$ARTIFACTS/user.log" 2>&1 || { cat "$ARTIFACTS/user.log" >&2; return 1; }
    export TRADEAI_TEST_ROOT=$APPLIANCE TRADEAI_TEST_USER=$TEST_USER TRADEAI_TEST_PASSWORD=$password
    done_ "the appliance is up: https://127.0.0.1:$(appliance_setting HTTPS_PORT)"
}

data_compose() {
    MONGO_PORT=27217 REDIS_PORT=6579 docker compose --project-directory "$APPLIANCE" -p "$DATA_PROJECT" \
        -f "$APPLIANCE/docker-compose.yml" -f "$APPLIANCE/compose/ports.yml" "$@"
}

# data_services_up: a MongoDB and a Redis of their own for the integration tests, from the compose file, beside the appliance.
data_services_up() {
    appliance_up || return 1
    remove_project "$DATA_PROJECT"
    data_compose up -d --no-build --wait mongodb redis >"$ARTIFACTS/data-services.log" 2>&1 || { cat "$ARTIFACTS/data-services.log" >&2; return 1; }
    export TRADEAI_TEST_MONGO_URL TRADEAI_TEST_REDIS_URL
    TRADEAI_TEST_MONGO_URL="mongodb://tradeai:$(cat "$APPLIANCE/secrets/mongo_app_password")@127.0.0.1:27217/?authSource=admin&directConnection=true"
    TRADEAI_TEST_REDIS_URL="redis://:$(cat "$APPLIANCE/secrets/redis_password")@127.0.0.1:6579/0"
}

data_services_down() { remove_project "$DATA_PROJECT"; }
