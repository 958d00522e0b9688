# What the backup and restore scripts share: how the container `backup` is reached, and what only the host can pack.
# shellcheck shell=bash

# Nothing it starts keeps the lock of a restore (9) after the script that took it.
compose() { docker compose --project-directory "$ROOT" "$@" 9>&-; }

# in_backup ARGUMENT...: one task of the container, in it where it runs, else in one made for it; the other services may be down.
in_backup() {
    if [ -n "$(compose ps --status running --quiet backup 2>/dev/null)" ]; then
        compose exec -T backup python -m app.backup "$@" </dev/null
    else
        compose run --rm --no-deps -T backup python -m app.backup "$@" </dev/null
    fi
}

# tell KIND ok|failed SENTENCE: for the record that pages and alerts read; what has no record is done all the same.
tell() { in_backup told "$1" "$2" "$3" --who "${WHO:-${SUDO_USER:-$(id -un)}}" >/dev/null 2>&1 || true; }

# A relative BACKUP_DIR is meant from the installation, as Compose takes it.
backup_dir() {
    local folder
    folder=$(dotenv_get "$ROOT/.env" BACKUP_DIR)
    (cd "$ROOT" && readlink -f "${folder:-./backups}")
}

newest_backup() { find "$(backup_dir)/database" -mindepth 1 -maxdepth 1 -type d ! -name '*.partial' -printf '%f\n' | sort | tail -n 1; }

# own_clone: whether this folder is a git clone itself; one that lies inside somebody else's is none.
own_clone() { [ "$(git -C "$ROOT" rev-parse --show-toplevel 2>/dev/null)" = "$ROOT" ]; }

# configuration_parts: settings with their secrets, alert settings, the compose files, certificates, accounts elsewhere; what .env and
# deploy.sh make all else from.
configuration_parts() {
    local name
    for name in .env docker-compose.yml docker-compose.override.yml compose config secrets/tls secrets/rclone; do
        [ ! -e "$ROOT/$name" ] || echo "$name"
    done
}

# pack_configuration FILE
pack_configuration() {
    local wanted
    mapfile -t wanted < <(configuration_parts)
    (umask 077 && tar -C "$ROOT" -czf "$1" "${wanted[@]}")
}

# pack_code FOLDER: the repository with its whole history where there is one, else the tree.
pack_code() {
    if own_clone; then
        git -C "$ROOT" bundle create --quiet "$1/code.bundle" --all
    else
        tar -C "$ROOT" --exclude=./.cache --exclude=./backups --exclude=./secrets --exclude=./.env --exclude=./logs --exclude=./.venv -czf "$1/code.tar.gz" .
    fi
}

# keep_newest FOLDER COUNT: deletes older entries whose names sort by time; what is not finished is left to its maker.
keep_newest() {
    find "$1" -mindepth 1 -maxdepth 1 -name '[0-9]*' ! -name '*.partial' -printf '%f\n' | sort -r | tail -n "+$(($2 + 1))" |
        while read -r name; do rm -rf -- "${1:?}/$name"; done
}
