"""What the operators' manual says of each rule: docs/alerts.md, which comes with the image so that it is there when needed."""

import functools
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import app

MANUAL = Path(app.__file__).parents[1] / "docs" / "alerts.md"
_SECTION = re.compile(r"^#### ([a-z0-9-]+)\n(.*?)(?=^#{2,4} |\Z)", re.MULTILINE | re.DOTALL)
_WHAT_TO_DO = "**What to do**:"
_MARKS = ((r"`([^`]+)`", r"<code>\1</code>"), (r"\[([^\]]+)\]\([^)]*\)", r"\1"), (r"\*+([^*]+)\*+", r"<em>\1</em>"))


@dataclass(frozen=True)
class Section:
    """One rule, in Markdown: what it means, and what to do."""

    meaning: str
    steps: str


def sections(text: str) -> Mapping[str, Section]:
    """The sections of the manual by the names of the rules."""
    found = {}
    for heading, body in _SECTION.findall(text):
        meaning, _mark, steps = body.partition(_WHAT_TO_DO)
        found[heading.replace("-", "_")] = Section(meaning.strip(), steps.strip())
    return found


@functools.lru_cache(maxsize=1)
def manual() -> Mapping[str, Section]:
    """The manual's sections; none when it is not there."""
    try:
        return sections(MANUAL.read_text())
    except OSError:
        return {}


def as_html(markdown: str) -> str:
    """The little Markdown that sections use, as safe HTML: code, stress, and of links their words."""
    text = html.escape(" ".join(markdown.split()))
    for mark, element in _MARKS:
        text = re.sub(mark, element, text)
    return text
