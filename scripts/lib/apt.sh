# Debian packages and suites: installing on the host, and fetching from another suite without adding it to the host.
# shellcheck shell=bash

OS_RELEASE=${OS_RELEASE:-/etc/os-release}

# apt_install PACKAGE...: installs what is missing on the host; waits for another apt that is running.
apt_install() {
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    twice apt_update_and_install "${missing[@]}"
}

apt_update_and_install() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300)
    "${apt[@]}" update -qq && "${apt[@]}" install -y -qq --no-install-recommends "$@"
}

# apt_has PACKAGE: whether the host's own apt can install it.
apt_has() { apt-cache policy "$1" 2>/dev/null | grep -q 'Candidate: [0-9]'; }

# debian_mirror: the address of a Debian archive, from TRADEAI_DEBIAN_MIRROR or the host's own apt configuration.
debian_mirror() {
    if [ -n "${TRADEAI_DEBIAN_MIRROR:-}" ]; then
        printf '%s\n' "${TRADEAI_DEBIAN_MIRROR%/}"
        return
    fi
    local found
    # shellcheck disable=SC2016 # apt's own $(FIELDS)
    found=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
        awk '$2 == "Debian" && $3 == "Debian" { sub("/$", "", $1); print $1; exit }')
    # Before the first `apt-get update` of a fresh machine apt knows its sources only as they are written down.
    [ -n "$found" ] || found=$(archive_of "$(sed -n 's/^VERSION_CODENAME=//p' "$OS_RELEASE")" "${APT_FOLDER:-/etc/apt}")
    printf '%s\n' "$found"
}

# archive_of CODENAME FOLDER: the address that FOLDER's sources name for that very suite, in either of apt's two notations.
archive_of() {
    {
        cat "$2"/sources.list "$2"/sources.list.d/*.list 2>/dev/null |
            sed -nE 's/^deb +(\[[^]]*\] +)?([^ ]+) +([^ ]+) .*/\2 \3/p' || true
        awk 'BEGIN { RS = "" } {
            uri = ""; suites = ""; count = split($0, lines, "\n")
            for (i = 1; i <= count; i++) {
                if (lines[i] ~ /^URIs:/) { split(lines[i], words, " "); uri = words[2] }
                if (lines[i] ~ /^Suites:/) suites = substr(lines[i], 8)
            }
            count = split(suites, words, " ")
            for (i = 1; i <= count; i++) print uri, words[i]
        }' "$2"/sources.list.d/*.sources 2>/dev/null || true
    } | awk -v suite="$1" '$2 == suite && $1 ~ /^https?:/ && $1 !~ /ubuntu/ { sub("/$", "", $1); print $1; exit }'
}

# http_status URL SECONDS: what a server answers, 000 when it does not. A bare machine has no curl, but apt's own downloader.
http_status() {
    local answer file
    if command -v curl >/dev/null; then
        curl -sL -o /dev/null -w '%{http_code}' --connect-timeout "$2" --max-time "$(($2 + 2))" "$1" || true
        return
    fi
    file=$(mktemp -d)
    if answer=$(timeout "$(($2 + 2))" /usr/lib/apt/apt-helper -o Acquire::Retries=0 -o APT::Sandbox::User=root download-file "$1" "$file/it" 2>&1); then
        answer=200
    else
        answer=$(sed -nE 's/^ +([0-9]{3}) .*/\1/p' <<<"$answer" | head -n 1)
    fi
    rm -rf "$file"
    echo "${answer:-000}"
}

# debian_answers MIRROR: whether the archive answers within a few seconds.
debian_answers() { [ -n "$1" ] && [ "$(http_status "$1/dists/bookworm/InRelease" 6)" = 200 ]; }

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
    if ! (cd "$state/debs" && twice apt_update_and_download "$@"); then
        rm -rf "$state"
        return 1
    fi
    for package in "$state"/debs/*.deb; do dpkg-deb -x "$package" "$folder"; done
    rm -rf "$state"
}

# apt_update_and_download PACKAGE...: into this folder, by the options in the caller's `apt`.
apt_update_and_download() { "${apt[@]}" update && "${apt[@]}" download "$@"; }
