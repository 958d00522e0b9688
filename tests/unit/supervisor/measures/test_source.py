"""A source is read for ever; a figure that cannot be had is said once, one that did not change is not told again at once."""

import threading
from collections.abc import Iterable

import pytest

from app.supervisor.events import Event, Measured
from app.supervisor.measures import source
from app.supervisor.measures.source import Source, keep_reading


class Turns(threading.Event):
    """Lets the task turn so many times, without waiting."""

    def __init__(self, turns: int) -> None:
        super().__init__()
        self.left, self.pauses = turns, list[float | None]()

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout)
        self.left -= 1
        return self.left < 0


def _run(reads: list[object], seconds: float = 60.0) -> tuple[list[Event], Turns]:
    put, turns, values = list[Event](), Turns(len(reads)), iter(reads)

    def read() -> Iterable[Measured]:
        value = next(values)
        if isinstance(value, Exception):
            raise value
        return [Measured("depth", float(value))]  # type: ignore[arg-type]

    keep_reading(Source("depth", seconds, read), put.append, turns)
    return put, turns


def test_every_change_is_told() -> None:
    assert _run([1, 1, 2, 1])[0] == [Measured("depth", 1), Measured("depth", 2), Measured("depth", 1)]


def test_an_unchanged_figure_is_told_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "UNCHANGED_SECONDS", 0.0)
    assert len(_run([1, 1, 1])[0]) == 3


def test_a_failure_is_said_once_and_tried_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()
    monkeypatch.setattr(source.log, "warning", lambda text, **_values: said.append(text), raising=False)
    monkeypatch.setattr(source.log, "info", lambda text, **_values: said.append(text), raising=False)
    put, turns = _run([OSError("away"), ValueError("odd"), 3, 4], seconds=3600)
    assert [measured.value for measured in put] == [3, 4]  # type: ignore[union-attr]
    assert said == ["a figure cannot be had", "a figure is there again"]
    assert turns.pauses == [0.0, 15.0, 15.0, 3600, 3600]
