# Part of phase "images": the Debian root file systems that every image stands on, pulled, or built from packages.
# shellcheck shell=bash

# Pinned by version; the packages on top come from Debian's own archive with its security updates.
DEBIAN_IMAGE=debian:12.11-slim

# debian_recipe SUITE: what an imported file system depends on; a change of it makes a new one.
debian_recipe() { { printf '%s\n' "$1"; declare -f make_debian strip_debian write_debian_sources; apt_relaxations; } | sha256sum | cut -c1-12; }

# debian_ready SUITE: whether the image is here (a pulled one, or one built by the present recipe).
debian_ready() {
    local recipe
    recipe=$(docker image inspect --format '{{index .Config.Labels "tradeai.recipe"}}' "tradeai/debian:$1" 2>/dev/null) || return 1
    [ -z "$recipe" ] || [ "$recipe" = "$(debian_recipe "$1")" ]
}

pull_debian() {
    twice quietly "$DEPLOY_LOG" docker pull "$DEBIAN_IMAGE" && docker tag "$DEBIAN_IMAGE" tradeai/debian:bookworm
}

# build_debian SUITE: debootstraps SUITE and imports it as tradeai/debian:SUITE.
build_debian() {
    apt_install debootstrap debian-archive-keyring >>"$DEPLOY_LOG" 2>&1 && twice make_debian_elsewhere "$1"
}

make_debian_elsewhere() {
    local root code=0
    root=$(mktemp -d)
    make_debian "$1" "$root" >>"$DEPLOY_LOG" 2>&1 || code=$?
    rm -rf --one-file-system "$root"
    return "$code"
}

make_debian() {
    local suite=$1 root=$2 script=/usr/share/debootstrap/scripts/$1
    [ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
    debootstrap --variant=minbase --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        "$suite" "$root" "$(debian_mirror)" "$script" &&
        write_debian_sources "$suite" "$root" && strip_debian "$root" &&
        tar -C "$root" --numeric-owner --exclude='./dev/*' -c . |
        docker import --change 'CMD ["bash"]' --change "LABEL tradeai.recipe=$(debian_recipe "$suite")" - "tradeai/debian:$suite"
}

write_debian_sources() {
    local suite=$1 root=$2 mirror security
    mirror=$(debian_mirror)
    # shellcheck disable=SC2016 # apt's own $(FIELDS)
    security=$(apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' | awk '$2 == "Debian-Security" { print $1; exit }')
    {
        printf 'deb %s %s main\n' "$mirror" "$suite"
        if [ "$suite" != sid ]; then
            printf 'deb %s %s-updates main\n' "$mirror" "$suite"
            [ -z "$security" ] || printf 'deb %s %s-security main\n' "$security" "$suite"
        fi
    } >"$root/etc/apt/sources.list"
    apt_relaxations >"$root/etc/apt/apt.conf.d/90host"
}

strip_debian() {
    local root=$1
    cat >"$root/etc/dpkg/dpkg.cfg.d/lean" <<-'LEAN'
	path-exclude=/usr/share/doc/*
	path-include=/usr/share/doc/*/copyright
	path-exclude=/usr/share/man/*
	path-exclude=/usr/share/info/*
	path-exclude=/usr/share/locale/*
	path-include=/usr/share/locale/locale.alias
	LEAN
    find "$root/usr/share/doc" -type f ! -name copyright -delete
    rm -rf "$root"/usr/share/{man,info,locale}/* "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/var/log/*
}
