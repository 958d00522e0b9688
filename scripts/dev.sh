#!/usr/bin/env bash
# The same system for a contributor, with the code of this folder mounted; backend and ai reload on save.
set -euo pipefail

ROOT=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
cd "$ROOT"
# shellcheck source=scripts/lib/log.sh
. scripts/lib/log.sh

usage() {
    cat <<'HELP'
Usage: scripts/dev.sh [up | data | logs [SERVICE] | down | --help]

  up      (default) deploys with deploy.sh, then runs backend, realtime, worker and ai from this folder's code: a saved file
          reloads the backend and the ai service; restart the others with: docker compose restart worker
          MongoDB and Redis are open on this machine (127.0.0.1:27117 and :6479) for tests and shells.
  data    only MongoDB and Redis, open on this machine
  logs    follows the logs
  down    back to the deployed form
HELP
}

compose=(docker compose -f docker-compose.yml -f compose/ports.yml -f compose/dev.yml)
case ${1:-up} in
    up)
        if [ ! -f .env ] || ! docker image inspect tradeai/app:local >/dev/null 2>&1; then ./deploy.sh --yes; fi
        mkdir -p app/web/static/vendor # where the image's browser libraries are mounted
        "${compose[@]}" up -d --no-build --wait
        done_ "running from this folder; a saved file reloads backend and ai. Stop with: scripts/dev.sh down"
        ;;
    data) docker compose -f docker-compose.yml -f compose/ports.yml up -d --no-build --wait mongodb redis ;;
    logs) shift; "${compose[@]}" logs -f "$@" ;;
    down) docker compose up -d --no-build --wait ;;
    --help | -h) usage ;;
    *) usage >&2; die "Unknown command $1." ;;
esac
