"""What happened can be looked up: by heading, by words, only what is bad, and page after page."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.supervisor.journal import Wanted, find, headings
from app.supervisor.store import Line, StateFile
from tests.unit.supervisor.world import BEGIN


@pytest.fixture
def store(tmp_path: Path) -> StateFile:
    """Ten lines: even ones about redis, odd ones about ai; every fifth is bad."""
    store = StateFile(tmp_path, "boot")
    for number in range(10):
        about = "ai" if number % 2 else "redis"
        store.note(Line(BEGIN + timedelta(seconds=number), about, f"Line {number} of {about}", number % 5 == 0))
    return store


def _found(store: StateFile, wanted: Wanted) -> list[int]:
    return [int(line.text.split()[1]) for _number, line in find(store, wanted).lines]


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(), [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        (Wanted(about="ai"), [9, 7, 5, 3, 1]),
        (Wanted(bad=True), [5, 0]),
        (Wanted(about="ai", bad=True), [5]),
        (Wanted(text="LINE 7"), [7]),
        (Wanted(text="%"), []),
        (Wanted(about="' OR 1=1 --"), []),
    ],
)
def test_what_fits_is_found_newest_first(store: StateFile, wanted: Wanted, numbers: list[int]) -> None:
    assert _found(store, wanted) == numbers


def test_page_after_page_gives_every_line_once(store: StateFile) -> None:
    seen, before = list[int](), 0
    for _page in range(4):
        page = find(store, Wanted(count=3, before=before))
        seen += [int(line.text.split()[1]) for _number, line in page.lines]
        before = page.older
        store.note(Line(BEGIN, "ai", "Line 99 comes meanwhile", False))
    assert seen == list(range(9, -1, -1))
    assert before == 0


def test_a_last_page_that_is_full_has_nothing_older(store: StateFile) -> None:
    assert find(store, Wanted(count=10)).older == 0
    assert find(store, Wanted(about="ai", count=4)).older > 0


def test_the_headings_there_are(store: StateFile) -> None:
    store.note(Line(BEGIN, "", "of nothing", False))
    assert headings(store) == ["ai", "redis"]
