"""Addresses of static files that change with their content, and the icons drawn into pages."""

import functools
import hashlib
import re
from pathlib import Path

from markupsafe import Markup, escape

SHEETS = ("tokens", "base", "shell", "components", "table", "chart", "trade", "planning", "api")  # in the order of the cascade
STATIC_DIR = Path(__file__).resolve().parent / "static"
_SYMBOL = re.compile(r'<symbol id="([a-z0-9-]+)"[^>]*>(.*?)</symbol>', re.DOTALL)


def _hash(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@functools.lru_cache(maxsize=512)
def _version(path: str, static_dir: Path) -> str:
    """Scripts share the version of their folder, because modules load each other by relative name."""
    file = static_dir / path
    if not file.is_file():
        return "missing"
    if file.suffix in {".js", ".mjs"}:
        return _hash(sorted(file.parent.glob("*.js")))
    if file.suffix == ".css":
        return _hash(sorted(file.parent.glob("*.css")))
    return _hash([file])


def static_url(path: str, static_dir: Path = STATIC_DIR) -> str:
    """`css/app.css` as `/static/css/app.css?v=<hash>`; nginx lets browsers keep such an address for a year."""
    return f"/static/{path}?v={_version(path, static_dir)}"


def forget_versions() -> None:
    """Read the files again: development, where they change under a running server."""
    _version.cache_clear()
    icon_shapes.cache_clear()


@functools.lru_cache(maxsize=1)
def icon_shapes() -> dict[str, str]:
    """Name -> inner SVG of every icon in the sprite built from lucide (see vendor.mjs); empty before it is built."""
    sprite = STATIC_DIR / "vendor" / "icons.svg"
    if not sprite.is_file():
        return {}
    return {name: shape.strip() for name, shape in _SYMBOL.findall(sprite.read_text())}


def icon(name: str, label: str = "", size: int = 16) -> Markup:
    """An icon in the text's colour; without `label` it is decoration and hidden from screen readers."""
    shape = Markup(icon_shapes().get(name, '<circle cx="12" cy="12" r="9"/>'))  # noqa: S704 - our own sprite
    meaning = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(  # noqa: S704 - parts are constants, numbers or escaped
        f'<svg class="icon" {meaning} width="{int(size)}" height="{int(size)}" viewBox="0 0 24 24" fill="none" '
        f'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">{shape}</svg>'
    )
