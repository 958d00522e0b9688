"""Says of each mistake in `alerts.toml` on which line it is, in which field, and what is allowed there."""

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.core.i18n import _

_AT_LINE = re.compile(r"\(at line (\d+)")
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]")
# What pydantic adds to a path that is not in the file.
_ADDED = frozenset({"mail", "slack", "pagerduty", "webhook", "apprise", "literal['']", "[key]"})
_KEY = re.compile(r"^\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*=")


@dataclass(frozen=True)
class Mistake:
    """`line` is 0 when it concerns the file as a whole; `field` as in channel[2].port."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        place = _("line {line}", line=self.line) if self.line else _("the file")
        return f"{place}, {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


def of_syntax(error: tomllib.TOMLDecodeError, text: str) -> list[Mistake]:
    """A file that is no TOML."""
    found = _AT_LINE.search(str(error))
    return [Mistake(int(found[1]) if found else len(text.splitlines()), "", _("this is not TOML: {error}", error=str(error)))]


def of_values(error: ValidationError, text: str) -> list[Mistake]:
    """Everything that is wrong with the values, in the order of the file."""
    lines = _Lines(text)
    found = []
    for problem in error.errors(include_url=False, include_input=False):
        path = tuple(part for part in problem["loc"] if part not in _ADDED and not str(part).startswith("function-"))
        message = _message(problem)
        if match := re.match(r"^([a-z_]+(?:\.[a-z_]+)*): (.*)$", message, re.S):  # a validator that knows the field better
            path, message = (*path, *match[1].split(".")), match[2]
        found.append(Mistake(lines.line_of(path), _dotted(path), message))
    return sorted(found, key=lambda mistake: mistake.line)


def _message(problem: Any) -> str:
    context = problem.get("ctx", {})
    match problem["type"]:
        case "missing":
            return _("it is missing")
        case "extra_forbidden":
            return _("there is no such setting; see config/alerts.example.toml")
        case "union_tag_not_found":
            return _("kind is missing; allowed are mail, slack, pagerduty, webhook and apprise")
        case "union_tag_invalid":
            return _("kind is unknown; allowed are {allowed}", allowed=context.get("expected_tags"))
        case "enum" | "literal_error":
            return _("allowed are {allowed}", allowed=context.get("expected"))
        case "greater_than_equal":
            return _("{limit} is the least", limit=context.get("ge"))
        case "less_than_equal":
            return _("{limit} is the most", limit=context.get("le"))
        case "value_error":
            return str(context.get("error"))
        case _:
            return str(problem["msg"])


def _dotted(path: tuple[Any, ...]) -> str:
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


class _Lines:
    """Where each table begins and each key stands: TOML's parser does not tell."""

    def __init__(self, text: str) -> None:
        self._where: dict[tuple[Any, ...], int] = {}
        counts: dict[str, int] = {}
        table: tuple[Any, ...] = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(line):
                name = header[2].replace('"', "").replace("'", "")
                table = tuple(part.strip() for part in name.split("."))
                if header[1] == "[[":
                    table = (*table, counts.get(name, 0))
                    counts[name] = counts.get(name, 0) + 1
                self._where.setdefault(table, number)
            elif key := _KEY.match(line):
                self._where.setdefault((*table, key[1]), number)

    def line_of(self, path: tuple[Any, ...]) -> int:
        """The line of `path` or of the nearest table around it; 0 for the file."""
        while path:
            if path in self._where:
                return self._where[path]
            if (*path[:-1], f"{path[-1]}_file") in self._where:
                return self._where[(*path[:-1], f"{path[-1]}_file")]
            if (*path, 0) in self._where:
                return self._where[(*path, 0)]
            path = path[:-1]
        return 0
