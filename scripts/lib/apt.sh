# Debian packages and suites: installing on the host, and fetching from another suite without adding it to the host.
# shellcheck shell=bash

# apt_install PACKAGE...: installs what is missing on the host; waits for another apt that is running.
apt_install() {
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 update -qq
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}"
}

# apt_has PACKAGE: whether the host's own apt can install it.
apt_has() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'; }

# debian_mirror: the address of a Debian archive, from TRADEAI_DEBIAN_MIRROR or the host's own apt configuration.
debian_mirror() {
    if [ -n "${TRADEAI_DEBIAN_MIRROR:-}" ]; then
        printf '%s\n' "${TRADEAI_DEBIAN_MIRROR%/}"
        return
    fi
    # shellcheck disable=SC2016 # apt's own $(FIELDS)
    apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
        awk '$2 == "Debian" && $3 == "Debian" { sub("/$", "", $1); print $1; exit }'
}

# debian_answers MIRROR: whether the archive answers within a few seconds.
debian_answers() {
    [ -n "$1" ] && curl -fsS -o /dev/null --connect-timeout 5 --max-time 10 "$1/dists/bookworm/InRelease"
}

# apt_relaxations: the host's settings for lagging mirrors and proxies, as apt.conf lines for images.
apt_relaxations() {
    apt-config dump | grep -E '^Acquire::(Check-Valid-Until|Check-Date|https?::Proxy|https?::Proxy::.*) ' || true
}

# unpack_from_suite SUITE FOLDER PACKAGE...: downloads the packages of SUITE and unpacks them into FOLDER (existing).
# The suite is known to a private apt state only, so the host's own sources, lists and installed packages stay as they are.
unpack_from_suite() {
    local suite=$1 folder=$2 state mirror package
    shift 2
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || { warn "no Debian archive in the apt configuration; name one in TRADEAI_DEBIAN_MIRROR"; return 1; }
    state=$(mktemp -d)
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/debs"
    : >"$state/status"
    printf 'deb [signed-by=%s] %s %s main\n' /usr/share/keyrings/debian-archive-keyring.gpg "$mirror" "$suite" >"$state/sources.list"
    local apt=(apt-get -qq -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o Dir::Etc::preferencesparts=/dev/null -o "Dir::State=$state" -o "Dir::State::status=$state/status"
        -o "Dir::Cache=$state/cache" -o APT::Sandbox::User=root)
    if ! ("${apt[@]}" update && cd "$state/debs" && "${apt[@]}" download "$@"); then
        rm -rf "$state"
        return 1
    fi
    for package in "$state"/debs/*.deb; do dpkg-deb -x "$package" "$folder"; done
    rm -rf "$state"
}
