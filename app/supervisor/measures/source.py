"""What a figure's source is, and the task that reads it for ever."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from app.core.logging import get_logger
from app.supervisor.events import Event, Measured

Read = Callable[[], Iterable[Measured]]
UNCHANGED_SECONDS = 30.0  # after which a figure that did not change is told all the same
_APART_SECONDS = 0.7  # between two first readings: all at once would show as a peak

log = get_logger(__name__)


@dataclass(frozen=True)
class Source:
    """`read` is called every `seconds`, soon again (`again`) after it failed. It may block and may raise OSError."""

    name: str
    seconds: float
    read: Read
    again: float = 15.0


def start(sources: Sequence[Source], put: Callable[[Event], None], stopping: threading.Event) -> None:
    """Set them all going, in the background."""
    for number, source in enumerate(sources):
        task = partial(keep_reading, source, put, stopping, number * _APART_SECONDS)
        threading.Thread(target=task, daemon=True).start()


def keep_reading(source: Source, put: Callable[[Event], None], stopping: threading.Event, first: float = 0.0) -> None:
    """Read until `stopping`. A figure that cannot be had is said once, and once when it is there again."""
    silent, pause = False, first
    told: dict[tuple[str, str], tuple[Measured, float]] = {}
    while not stopping.wait(pause):
        try:
            for measured in source.read():
                before, at = told.get((measured.name, measured.subject), (None, 0.0))
                if measured != before or time.monotonic() - at >= UNCHANGED_SECONDS:
                    told[measured.name, measured.subject] = (measured, time.monotonic())
                    put(measured)
        except Exception as error:
            if not silent:
                expected = isinstance(error, OSError)
                log.warning("a figure cannot be had", figure=source.name, error=str(error), exc_info=not expected)
            silent, pause = True, min(source.again, source.seconds)
            continue
        if silent:
            log.info("a figure is there again", figure=source.name)
        silent, pause = False, source.seconds
