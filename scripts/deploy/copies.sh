# Part of phase "recovery": the newest copy of the database elsewhere (BACKUP_OFFSITE), where it is newer than the full backup.
# shellcheck shell=bash

# The copy that was taken, "" for none.
NEWER=''

# copies_place: where the copies of the installation lie, as the host reaches it; "" for nowhere.
copies_place() {
    local place=${DATABASE_FROM:-$(dotenv_get .env BACKUP_OFFSITE)} mounted
    mounted=$(dotenv_get .env BACKUP_OFFSITE_DIR)
    case $place in /offsite | /offsite/*) place=${mounted:+$mounted${place#/offsite}} ;; esac
    echo "${place%/}"
}

# copies_after PLACE ID: the names of those that are newer, newest first.
copies_after() {
    {
        if is_remote "$1"; then remote lsf --dirs-only "$1" | tr -d /; else find "$1" -mindepth 1 -maxdepth 1 -type d -printf '%f\n'; fi
    } 2>/dev/null | grep -xE '[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}' | sort -r | awk -v after="$2" '$0 > after'
}

# bring_copy PLACE/ID INTO: archive and manifest, opened where they are sealed.
bring_copy() {
    local name
    mkdir -p "$2"
    for name in archive.gz manifest.json; do
        ! take "$1/$name" "$2/$name" || continue
        [ -n "$RECOVERY_KEY" ] && take "$1/$name.age" "$2/$name.age" && age -d -i "$RECOVERY_KEY" -o "$2/$name" "$2/$name.age" && rm "$2/$name.age" || return 1
    done
}
take() { if is_remote "$1"; then remote copyto "$1" "$2"; else cp "$1" "$2"; fi >/dev/null 2>&1; }

# newer_copy ID FOLDER: the newest copy made after the backup ID that can be restored here, into FOLDER; its name in NEWER.
newer_copy() {
    local place name
    place=$(copies_place)
    [ -n "$place" ] || return 0
    ! is_remote "$place" || have rclone || apt_install rclone >/dev/null 2>&1 || { warn "rclone could not be installed, so $place was not looked at"; return 0; }
    while IFS= read -r name; do
        rm -rf "$2/$name.partial"
        if bring_copy "$place/$name" "$2/$name.partial" && adopt "$2/$name" && scripts/restore.sh "$name" --check >>"$DEPLOY_LOG" 2>&1 </dev/null; then
            # shellcheck disable=SC2034  # recovery.sh reads it
            NEWER=$name
            done_ "the copy $name in $place is newer and whole"
            return 0
        fi
        rm -rf "${2:?}/$name" "$2/$name.partial"
        warn "the copy $name in $place could not be taken (see $DEPLOY_LOG); looking for an older one"
    done < <(copies_after "$place" "$1")
}

# adopt FOLDER: FOLDER.partial becomes a backup of the container's.
adopt() { chmod 700 "$1.partial" && chown -R "$CONTAINER_USER:$CONTAINER_USER" "$1.partial" && mv "$1.partial" "$1"; }

# moment_of ID: when a backup was made.
moment_of() { date -u -d "$(sed -E 's/^(....)(..)(..)T(..)(..)(..)Z.*/\1-\2-\3T\4:\5:\6Z/' <<<"$1")" +%FT%TZ; }
