# The appliance under test: a copy of this tree with its own project name, ports and folders, always taken down at the end.
# shellcheck shell=bash

# shellcheck source=scripts/lib/dotenv.sh
. scripts/lib/dotenv.sh
# shellcheck source=scripts/deploy/engine.sh
. scripts/deploy/engine.sh
# shellcheck source=scripts/deploy/preflight.sh
. scripts/deploy/preflight.sh

APPLIANCE=$ROOT/.cache/appliance
# Another name lets two trees be tested beside each other.
TEST_PROJECT=${TRADEAI_TEST_PROJECT:-tradeai-test}
DATA_PROJECT=$TEST_PROJECT-data
DATA_MONGO_PORT=27217
DATA_REDIS_PORT=26579
TEST_USER=tester@example.com
APPLIANCE_BEGUN='' APPLIANCE_IS_UP=''

# take_down: only what this run began; an appliance kept by another stays for as long as no tier needs one.
take_down() {
    local code=$?
    trap - EXIT INT TERM
    if [ -n "$APPLIANCE_BEGUN" ] && docker info >/dev/null 2>&1; then
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
    dotenv_set "$APPLIANCE/.env" COMPOSE_PROJECT_NAME "$TEST_PROJECT"
    dotenv_set "$APPLIANCE/.env" TRADEAI_TAG "$TEST_PROJECT"
    choose_ports
}

# choose_ports: the usual ones, or the first block above them that nobody on this machine uses.
choose_ports() {
    local offset name ports
    mapfile -t ports < <(sed -nE 's/^([A-Z]+_PORT)=.*/\1/p' "$APPLIANCE/.env")
    for ((offset = 0; offset < 3000; offset += 1000)); do
        block_free "$offset" && break
    done
    for name in "${ports[@]}"; do
        dotenv_set "$APPLIANCE/.env" "$name" $(($(appliance_setting "$name") + offset))
    done
    DATA_MONGO_PORT=$((DATA_MONGO_PORT + offset)) DATA_REDIS_PORT=$((DATA_REDIS_PORT + offset))
}

# block_free OFFSET: whether no port of the appliance under test, each OFFSET higher, is taken.
block_free() {
    local number
    for number in $(sed -nE 's/^[A-Z]+_PORT=//p' "$APPLIANCE/.env") "$DATA_MONGO_PORT" "$DATA_REDIS_PORT"; do
        ! port_taken $((number + $1)) || return 1
    done
}

# leftovers_down: what an interrupted run left comes back with the engine (restart: always), so the engine is started first.
leftovers_down() {
    if engine_installed && ! engine_running; then DEPLOY_LOG=$ARTIFACTS/engine.log start_engine; fi
    engine_running || return 0
    remove_project "$TEST_PROJECT"
    remove_project "$DATA_PROJECT"
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
    leftovers_down
    APPLIANCE_BEGUN=1
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
    export TRADEAI_TEST_DEPLOY_LOG=$ARTIFACTS/deploy.log
    done_ "the appliance is up: https://127.0.0.1:$(appliance_setting HTTPS_PORT)"
}

data_compose() {
    MONGO_PORT=$DATA_MONGO_PORT REDIS_PORT=$DATA_REDIS_PORT docker compose --project-directory "$APPLIANCE" -p "$DATA_PROJECT" \
        -f "$APPLIANCE/docker-compose.yml" -f "$APPLIANCE/compose/ports.yml" "$@"
}

# data_services_up: a MongoDB and a Redis of their own for the integration tests, from the compose file, beside the appliance.
data_services_up() {
    appliance_up || return 1
    remove_project "$DATA_PROJECT"
    data_compose up -d --no-build --wait mongodb redis >"$ARTIFACTS/data-services.log" 2>&1 || { cat "$ARTIFACTS/data-services.log" >&2; return 1; }
    export TRADEAI_TEST_MONGO_URL TRADEAI_TEST_REDIS_URL
    TRADEAI_TEST_MONGO_URL="mongodb://tradeai:$(cat "$APPLIANCE/secrets/mongo_app_password")@127.0.0.1:$DATA_MONGO_PORT/?authSource=admin&directConnection=true"
    TRADEAI_TEST_REDIS_URL="redis://:$(cat "$APPLIANCE/secrets/redis_password")@127.0.0.1:$DATA_REDIS_PORT/0"
}

data_services_down() { remove_project "$DATA_PROJECT"; }
