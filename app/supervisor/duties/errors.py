"""The error logs of the last day: how many lines, and which messages come most often."""

import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

_TAIL_BYTES = 2_000_000  # of each file: some 5,000 lines
_BREATHE_EVERY = 500  # lines; the supervisor has other things to do meanwhile
_PERIOD = timedelta(hours=24)


@dataclass(frozen=True)
class ErrorCount:
    """`count` lines since a day; `top` are the most frequent messages with the service they come from and how often."""

    count: int
    top: Sequence[tuple[str, int]]
    files: int


def count_errors(folder: Path, now: datetime, top: int = 5) -> ErrorCount:
    """What the files error.log and *-error.log in `folder` say about the last 24 hours. Raises OSError."""
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    files = [folder / "error.log", *sorted(folder.glob("*-error.log"))]
    found: Counter[str] = Counter()
    read = 0
    for path in files:
        if path.is_file():
            read += 1
            found.update(_messages(path, now - _PERIOD))
    return ErrorCount(sum(found.values()), found.most_common(top), read)


def _messages(path: Path, since: datetime) -> Iterator[str]:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - _TAIL_BYTES, 0))
        if size > _TAIL_BYTES:
            file.readline()  # the rest of a line
        for number, line in enumerate(file):
            if number % _BREATHE_EVERY == 0:
                time.sleep(0)
            message = _message(line, since)
            if message:
                yield message


def _message(line: bytes, since: datetime) -> str:
    """ "service: message" of a line young enough; "" for others. A line that is no JSON counts as it stands."""
    try:
        fields = json.loads(line)
        at = datetime.fromisoformat(str(fields["timestamp"]))
        if at < since:
            return ""
        return f"{fields.get('service', '?')}: {str(fields.get('event', ''))[:120]}"
    except (ValueError, KeyError, TypeError, AttributeError):
        text = line.decode(errors="replace").strip()
        return text[:120]
