# Full backups elsewhere: a folder, a web address, or an rclone remote ("s3:bucket/tradeai"); sealed with age where a recovery key is set.
# shellcheck shell=bash

SEALED=sealed.tar.age

is_web() { [[ $1 =~ ^https?:// ]]; }
is_remote() { ! is_web "$1" && [ ! -e "$1" ] && [[ $1 =~ ^(:|[A-Za-z0-9_.+@-]+:) ]]; }

# remote ARGUMENT...: rclone with the installation's own account where it has one.
remote() {
    local own=$ROOT/secrets/rclone/rclone.conf
    RCLONE_CONFIG=${RCLONE_CONFIG:-$([ -f "$own" ] && echo "$own")} rclone --contimeout 20s --timeout 60s --retries 2 --low-level-retries 3 "$@"
}

# have PROGRAM...: whether all of them are here.
have() {
    local program
    for program; do command -v "$program" >/dev/null || return 1; done
}

# sums FOLDER: a checksum of every file of a finished backup; check_sums FOLDER compares them.
sums() {
    local files
    mapfile -d '' files < <(cd "$1" && find . -type f ! -name SHA256SUMS -print0 | sort -z)
    (cd "$1" && sha256sum "${files[@]}" >SHA256SUMS)
}
check_sums() { (cd "$1" && sha256sum --quiet --strict -c SHA256SUMS); }

# seal FOLDER INTO RECIPIENT: the whole backup as one file that only the recovery key opens, with a checksum of it.
seal() {
    mkdir -p "$2"
    tar -C "$1" -cf - . | age -r "$3" -o "$2/$SEALED" && cp "$1/about" "$2/about" && sums "$2"
}

# unseal FOLDER KEY_FILE INTO
unseal() {
    mkdir -p "$3"
    age -d -i "$2" "$1/$SEALED" | tar -C "$3" -xf -
}

# is_proven FOLDER: whether its database was restored and compared in a drill before it was packed.
is_proven() { grep -qsx 'proven yes' "$1/about"; }

# copy_elsewhere FOLDER TARGET: a copy under TARGET/<name>, compared there; `newest`, and `newest-proven` where it is, name it once
# it is whole.
copy_elsewhere() {
    local name=${1##*/} list lists=(newest)
    ! is_proven "$1" || lists+=(newest-proven)
    if is_remote "$2"; then
        remote copy "$1" "$2/$name" && remote check --download "$1" "$2/$name" || return 1
        for list in "${lists[@]}"; do printf '%s\n' "$name" | remote rcat "$2/$list" || return 1; done
    else
        rm -rf "${2:?}/$name.partial"
        {
            cp -r "$1" "$2/$name.partial" && sync -f "$2/$name.partial" && check_sums "$2/$name.partial" && mv "$2/$name.partial" "$2/$name"
        } || { rm -rf "${2:?}/$name.partial"; return 1; }
        for list in "${lists[@]}"; do printf '%s\n' "$name" >"$2/$list" || return 1; done
    fi
}

# fetch_full_backup FROM INTO: prints the folder of the full backup FROM as it is, or of the best in it: the newest that a drill has
# proven, else the newest; what is damaged is passed over. From afar it is brought to INTO first.
fetch_full_backup() {
    local from=${1%/} names name place
    if holds_full_backup "$from"; then
        bring "$from" "$2"
        return
    fi
    mapfile -t names < <(full_backups "$from")
    for name in "${names[@]}"; do
        if place=$(bring "$from/$name" "$2" 2>/dev/null) && check_sums "$place" >/dev/null 2>&1; then
            pass_over "$name" "${names[@]}"
            printf '%s\n' "$place"
            return
        fi
        warn "$from/$name is damaged or could not be reached; looking for another"
    done
    return 1
}

holds_full_backup() { if is_web "$1" || is_remote "$1"; then read_there "$1/SHA256SUMS" >/dev/null 2>&1; else [ -f "$1/SHA256SUMS" ]; fi; }

# bring PLACE INTO: prints the folder of one full backup, fetched where it lies afar.
bring() {
    if is_web "$1" || is_remote "$1"; then fetch_files "$1" "$2/${1##*/}" && printf '%s\n' "$2/${1##*/}"; else readlink -f "$1"; fi
}

# full_backups FROM: their names; the proven ones before the others, each newest first.
full_backups() {
    {
        if is_web "$1" || is_remote "$1"; then
            read_there "$1/newest-proven" || true
            read_there "$1/newest" || true
            is_web "$1" || remote lsf --dirs-only "$1" | tr -d / | sort -r || true
        else
            local folder rest=()
            while IFS= read -r folder; do
                if is_proven "$1/$folder"; then echo "$folder"; else rest+=("$folder"); fi
            done < <(find "$1" -mindepth 2 -maxdepth 2 -name SHA256SUMS -printf '%h\n' | sed 's|.*/||' | sort -r)
            printf '%s\n' "${rest[@]}"
        fi
    } 2>/dev/null | grep -xE '[0-9]{8}T[0-9]{6}Z' | awk '!seen[$0]++'
}

# pass_over CHOSEN NAME...: says so when a newer one is there that is not taken.
pass_over() {
    local newest
    newest=$(printf '%s\n' "${@:2}" | sort | tail -n 1)
    [ "$newest" = "$1" ] || warn "$newest is newer than $1, but damaged or not proven by a drill; to take it all the same, name it: --restore-from .../$newest"
}

read_there() { if is_web "$1"; then curl -fsSL -m 60 "$1"; else remote cat "$1"; fi; }

# fetch_files FROM INTO: every file that FROM/SHA256SUMS names; what is there already is not fetched again.
fetch_files() {
    local path
    mkdir -p "$2"
    read_there "$1/SHA256SUMS" >"$2/SHA256SUMS" || return 1
    while IFS= read -r path; do
        # A list from elsewhere must not write outside of the folder.
        [[ $path != /* && "/$path/" != */../* ]] || return 1
        mkdir -p "$(dirname "$2/$path")"
        [ ! -f "$2/$path" ] || ! grep -F "  ./$path" "$2/SHA256SUMS" | (cd "$2" && sha256sum --status --strict -c -) || continue
        if is_web "$1"; then curl -fsSL --retry 3 -C - -o "$2/$path" "$1/$path" || curl -fsSL -o "$2/$path" "$1/$path" || return 1
        else remote copyto "$1/$path" "$2/$path" || return 1; fi
    done < <(sed -E 's/^[0-9a-f]{64} [ *](\.\/)?//' "$2/SHA256SUMS")
}
