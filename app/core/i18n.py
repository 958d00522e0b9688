"""The one translation function; English is the source language, catalogues are gettext files under app/locale."""

import functools
import gettext
from pathlib import Path

LOCALE_DIR = Path(__file__).resolve().parent.parent / "locale"


@functools.lru_cache(maxsize=16)
def _catalogue(locale: str) -> gettext.NullTranslations:
    return gettext.translation("tradeai", localedir=LOCALE_DIR, languages=[locale], fallback=True)


def _locale() -> str:
    from app.core.settings import settings  # late: importing words must not read the environment

    return settings().locale


def _(message: str, **values: object) -> str:
    """`message` in the company's language with `{names}` filled in."""
    if not message:
        return ""  # gettext answers its own header for the empty string
    text = _catalogue(_locale()).gettext(message)
    return text.format(**values) if values else text


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """`one` or `many` as the language counts; `{count}` is filled in unless given formatted in `values`."""
    text = _catalogue(_locale()).ngettext(one, many, count)
    return text.format(**{"count": count, **values})


def N_(message: str) -> str:
    """Marks `message` for translators where it is defined; `_` translates it where it is shown."""
    return message
