# Phase "engine": a running Docker engine with Compose v2 and buildx, installed and started if they are missing.
# shellcheck shell=bash

ENGINE_LOG=${ENGINE_LOG:-/var/log/dockerd.log}
# Where every user of this machine finds them, so that a plain "docker compose ps" works for all.
PLUGINS=/usr/local/lib/docker/cli-plugins
[ "$(id -u)" = 0 ] || PLUGINS=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins

# A docker client alone may be on PATH (editors and CI machines ship one): what counts is the engine.
engine_installed() { command -v dockerd >/dev/null; }
engine_running() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
compose_installed() { docker compose version --short 2>/dev/null | grep -qE '^v?([2-9]|[1-9][0-9])\.'; }
buildx_installed() { docker buildx version >/dev/null 2>&1; }
has_systemd() { [ -d /run/systemd/system ]; }

plan_engine() {
    engine_running || engine_installed || would "install Docker from this machine's package sources"
    engine_running || would "start the Docker engine"
    compose_installed || would "install the Compose plug-in"
    buildx_installed || would "install the buildx plug-in"
    engine_running && compose_installed && buildx_installed && done_ "Docker, Compose and buildx are ready"
    return 0
}

phase_engine() {
    # What the later phases use and a bare machine lacks.
    quietly "$DEPLOY_LOG" apt_install ca-certificates curl openssl || die "curl and openssl could not be installed; look at $DEPLOY_LOG, repair apt (apt-get update && apt-get -f install) and run deploy.sh again."
    engine_running || install_engine
    engine_running || start_engine
    compose_installed || install_plugin compose docker-compose-v2 docker-compose-plugin
    buildx_installed || install_plugin buildx docker-buildx docker-buildx-plugin
    done_ "Docker $(docker version --format '{{.Server.Version}}'), Compose $(docker compose version --short)"
}

install_engine() {
    engine_installed && return
    say "installing Docker"
    quietly "$DEPLOY_LOG" apt_install docker.io iptables ||
        die "Docker could not be installed; look at $DEPLOY_LOG, repair apt (apt-get update && apt-get -f install) and run deploy.sh again."
}

start_engine() {
    say "starting the Docker engine"
    if has_systemd; then
        quietly "$DEPLOY_LOG" systemctl enable --now docker || die "The Docker engine does not start; see: journalctl -u docker."
    else
        # No init system to keep it: its own session, so that it outlives this terminal; without our lock, or it would keep it too.
        setsid dockerd >>"$ENGINE_LOG" 2>&1 </dev/null 8>&- &
        disown
    fi
    local waited
    for ((waited = 0; waited < 120; waited++)); do
        engine_running && return
        sleep 0.5
    done
    die "The Docker engine did not answer within 60 s; its log is $ENGINE_LOG (or: journalctl -u docker)."
}

# install_plugin NAME PACKAGE...: from the host's own packages if one has it, else from Debian's newest suite, whose plug-ins
# need only libc 2.34 and are copied to the user's plug-in folder without adding the suite to the host.
install_plugin() {
    local name=$1 package
    shift
    say "installing the Docker plug-in $name"
    for package in "$@"; do
        if apt_has "$package" && quietly "$DEPLOY_LOG" apt_install "$package" && docker "$name" version >/dev/null 2>&1; then
            return
        fi
    done
    fetch_plugin "$name" || die "The Docker plug-in $name could not be fetched; install it by hand (https://docs.docker.com/compose/install/linux/) and run deploy.sh again."
}

fetch_plugin() {
    local name=$1 folder
    folder=$(mktemp -d)
    apt_install debian-archive-keyring >>"$DEPLOY_LOG" 2>&1 || return 1
    unpack_from_suite sid "$folder" "docker-$name" >>"$DEPLOY_LOG" 2>&1 || { rm -rf "$folder"; return 1; }
    mkdir -p "$PLUGINS"
    find "$folder" -type f -name "docker-$name" -perm -u+x -exec install -m 755 {} "$PLUGINS/docker-$name" \;
    rm -rf "$folder"
    docker "$name" version >/dev/null 2>&1
}
