# Phase "preflight": whether this machine can carry TradeAI. Only looks; every refusal is one sentence, and nothing has changed yet.
# shellcheck shell=bash

# Where the facts come from; tests point them elsewhere.
MEMINFO=${MEMINFO:-/proc/meminfo}
PROC_NET=${PROC_NET:-/proc/net}
LEAST_MEMORY_MB=3500
WANTED_MEMORY_MB=7000
LEAST_DISK_MB_FIRST=8000
LEAST_DISK_MB_AGAIN=2000

phase_preflight() {
    check_root "$(id -u)"
    check_machine "$(uname -m)"
    check_distribution "$OS_RELEASE"
    check_memory "$(memory_mb)"
    check_clock "$(date +%s)" "$(stat -c %Y "$ROOT/docker-compose.yml")"
    check_disk "$(free_disk_mb)" "$(images_present && echo "$LEAST_DISK_MB_AGAIN" || echo "$LEAST_DISK_MB_FIRST")"
    check_ports
    check_source
    done_ "this machine fits: $(distribution_name "$OS_RELEASE"), $(memory_mb) MB memory, $(free_disk_mb) MB free on disk"
}

check_root() { [ "$1" = 0 ] || die "deploy.sh installs and starts system services; run it as root: sudo ./deploy.sh"; }

check_machine() {
    case $1 in
        x86_64 | aarch64) ;;
        *) die "TradeAI runs on x86_64 and aarch64 machines; this one is $1." ;;
    esac
}

os_value() { sed -n "s/^$2=//p" "$1" | tr -d '"'; }
distribution_name() { os_value "$1" PRETTY_NAME; }

# Debian 12 and newer, Ubuntu 22.04 and newer.
check_distribution() {
    local id version
    id=$(os_value "$1" ID) version=$(os_value "$1" VERSION_ID)
    case $id in
        debian) [ "${version%%.*}" -ge 12 ] 2>/dev/null && return ;;
        ubuntu) [ "${version%%.*}" -ge 22 ] 2>/dev/null && return ;;
    esac
    die "TradeAI supports Debian 12 and newer and Ubuntu 22.04 and newer; this is $(distribution_name "$1")."
}

memory_mb() { awk '/^MemTotal:/ { printf "%d", $2 / 1024 }' "$MEMINFO"; }

check_memory() {
    [ "$1" -ge "$LEAST_MEMORY_MB" ] || die "TradeAI needs 4 GB of memory (8 GB is right); this machine has $1 MB."
    [ "$1" -ge "$WANTED_MEMORY_MB" ] || warn "this machine has $1 MB of memory; 8 GB is right for more than a try-out"
}

check_clock() {
    # Half a day of grace for a time zone set wrong; beyond it certificates and tokens are worthless.
    [ "$1" -ge $(($2 - 43200)) ] || die "The clock says $(date -d "@$1" '+%Y-%m-%d %H:%M'), which is before this version was made; set the clock first."
}

# Where Docker keeps its data, or the nearest folder above it that exists.
free_disk_mb() {
    local folder=${DOCKER_ROOT:-/var/lib/docker}
    while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
    df -Pm "$folder" | awk 'NR == 2 { print $4 }'
}

check_disk() { [ "$1" -ge "$2" ] || die "TradeAI needs $2 MB of free disk under ${DOCKER_ROOT:-/var/lib/docker}; there are $1 MB."; }

# wanted_port NAME: what the next start will publish: the option, then .env, then the environment, then .env.example.
wanted_port() {
    if [ -n "${PORT:-}" ] && [ "$1" = HTTP_PORT ]; then echo "$PORT"
    elif [ -n "${PORT:-}" ] && [ "$1" = HTTPS_PORT ]; then https_port_for "$PORT"
    else wanted_setting "$1"; fi
}

# port_taken NUMBER: whether something on this machine listens there (any address).
port_taken() {
    local hex
    hex=$(printf ':%04X' "$1")
    awk -v port="$hex" '$4 == "0A" && substr($2, length($2) - 4) == port { found = 1 } END { exit !found }' "$PROC_NET/tcp" "$PROC_NET/tcp6" 2>/dev/null
}

# own_ports: the ports that this installation's containers hold already; one that Docker is just restarting lists none as open.
own_ports() {
    docker ps -q --filter status=running --filter status=restarting \
        --filter "label=com.docker.compose.project=$(wanted_setting COMPOSE_PROJECT_NAME)" 2>/dev/null |
        xargs -r docker inspect --format '{{range .HostConfig.PortBindings}}{{range .}}{{println .HostPort}}{{end}}{{end}}' 2>/dev/null |
        sort -u || true
}

check_ports() {
    local name number own seen=' '
    own=" $(own_ports | tr '\n' ' ')"
    for name in HTTP_PORT HTTPS_PORT BACKEND_PORT REALTIME_PORT AI_PORT SUPERVISOR_PORT METRICS_PORT; do
        number=$(wanted_port "$name")
        [[ $number =~ ^[0-9]+$ ]] || die "$name in .env must be a number, not \"$number\"."
        [[ $seen != *" $number "* ]] || die "Port $number is named twice in .env; give $name another number."
        seen+="$number "
        [[ $own == *" $number "* ]] && continue
        ! port_taken "$number" || die "Port $number ($name) is taken by another program on this machine; stop it, or choose another port $(
            [ "$name" = HTTP_PORT ] && echo "with --port NUMBER" || echo "for $name in .env")."
    done
}

check_source() {
    images_present && return
    [ "$(image_source)" = packages ] || return 0
    debian_answers "$(debian_mirror)" ||
        die "Neither the image registry nor a Debian archive answers; TradeAI can be installed where at least one of them can be reached (TRADEAI_DEBIAN_MIRROR names an archive)."
}
