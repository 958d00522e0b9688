"""Appending in batches: nobody's entry is lost, doubled or left without an answer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.access.audit import chain
from app.access.audit.rules import Link, follow
from app.core.errors import Unavailable


class Trail:
    """The collection as the chain sees it; `takes` bounds how much of the next batches lands, as when another was faster."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.batches: list[int] = []
        self.takes: list[int] = []
        self.broken: Exception | None = None
        self.slow: threading.Event | None = None

    def last_link(self) -> Link:
        return Link(self.rows[-1]["_id"], self.rows[-1]["hash"]) if self.rows else Link()

    def append(self, entries: list[dict[str, Any]]) -> int:
        if self.slow is not None:
            assert self.slow.wait(5)
        if self.broken is not None:
            raise self.broken
        landed = min(len(entries), self.takes.pop(0)) if self.takes else len(entries)
        self.rows += entries[:landed]
        self.batches.append(landed)
        return landed

    def whole(self) -> bool:
        link = Link()
        for row in self.rows:
            link = follow(link, row)  # type: ignore[assignment]
            assert isinstance(link, Link), link
        return True


@pytest.fixture
def trail(monkeypatch: pytest.MonkeyPatch) -> Trail:
    made = Trail()
    monkeypatch.setattr(chain, "store", made)
    monkeypatch.setattr(chain, "_anchor", lambda _link: None)
    return made


def _all_at_once(trail: Trail, count: int) -> list[Any]:
    """What each of `count` writers got who came while the first was still writing."""
    trail.slow = threading.Event()
    with ThreadPoolExecutor(count) as pool:
        results = [pool.submit(chain.append, {"n": n}) for n in range(count)]
        while len(chain._waiting) < count - 1:  # the first took its own
            assert not any(result.done() for result in results)
        trail.slow.set()
        return [result.exception(5) or result.result(5) for result in results]


def test_whoever_waits_is_written_with_the_next_batch(trail: Trail) -> None:
    links = _all_at_once(trail, 20)
    assert sorted(link.seq for link in links) == list(range(1, 21))
    assert len(trail.batches) == 2
    assert trail.whole()


def test_what_another_process_kept_from_landing_is_linked_anew(trail: Trail) -> None:
    trail.takes = [0, 1, 0, 7]
    links = _all_at_once(trail, 20)
    assert sorted(link.seq for link in links) == list(range(1, 21))
    assert sorted(row["n"] for row in trail.rows) == list(range(20))
    assert trail.whole()


def test_a_broken_database_is_told_to_everyone_who_waited(trail: Trail) -> None:
    trail.broken = RuntimeError("no database")
    assert all(isinstance(error, RuntimeError) for error in _all_at_once(trail, 5))
    trail.broken = None
    assert chain.append({"n": 6}).seq == 1
    assert not chain._waiting


def test_a_trail_that_never_takes_it_gives_up_with_a_sentence(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "_ATTEMPTS", 3)
    trail.takes = [0, 0, 0]
    with pytest.raises(Unavailable, match="too busy"):
        chain.append({"n": 1})
