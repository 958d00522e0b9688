#!/usr/bin/env bash
# Gives the contributor's machine the locked Python environment in .venv, through uv from PyPI.

# ensure_venv ROOT: create or update ROOT/.venv from uv.lock; quick when nothing changed.
ensure_venv() {
    local root=$1 uv_home=$1/.cache/uv-tool
    if [ ! -x "$uv_home/bin/uv" ]; then
        python3 -m venv "$uv_home"
        "$uv_home/bin/pip" install --quiet "uv>=0.9"
    fi
    UV_PROJECT_ENVIRONMENT="$root/.venv" UV_PYTHON_DOWNLOADS=never \
        "$uv_home/bin/uv" sync --quiet --locked --project "$root"
}
