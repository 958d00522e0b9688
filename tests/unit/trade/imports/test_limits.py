"""What is too large is refused in words that say the limit and what to do, and nothing of it is kept."""

import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from app.access.models import Principal
from app.core.errors import Invalid, TooLarge
from app.core.jobs import Progress
from app.core.settings import Settings
from app.trade.imports import checking, service
from app.trade.imports.models import MAX_ROWS, Kind

LIMIT = 2**20


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "settings", lambda: Settings(upload_limit_bytes=LIMIT))


def _checked_rows(count: int) -> Iterator[tuple[int, list[Any]]]:
    """What is left of `count` rows on their way to being checked."""
    table: Any = SimpleNamespace(rows=lambda: ((number, ["x"]) for number in range(count)))
    return checking._reported(table, io.BytesIO(b"x" * 100), 100, Progress.unwatched())


def test_as_many_rows_as_the_limit_are_checked() -> None:
    assert sum(1 for _row in _checked_rows(MAX_ROWS)) == MAX_ROWS == 1_000_000


def test_one_row_more_is_refused_with_the_limit_and_what_to_do() -> None:
    rows = _checked_rows(MAX_ROWS + 1)
    with pytest.raises(Invalid, match=r"more than 1,000,000 rows\. Split it and import the parts\.") as refused:
        for _row in rows:
            pass
    assert refused.value.status == 422


@pytest.mark.usefixtures("small_limit")
def test_a_file_of_just_the_limit_is_measured() -> None:
    size, digest = service._measure(io.BytesIO(b"x" * LIMIT))
    assert (size, len(digest)) == (LIMIT, 64)


@pytest.mark.usefixtures("small_limit")
def test_one_byte_more_is_refused_before_anything_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "store", None)  # whoever touched it would fail otherwise
    with pytest.raises(TooLarge, match=r"larger than 1 MB\. Split it and import the parts\.") as refused:
        service.upload(Principal.system("tests"), io.BytesIO(b"x" * (LIMIT + 1)), "sales.csv", Kind.SALES)
    assert refused.value.status == 413


def test_the_limit_of_an_installation_is_50_megabytes() -> None:
    assert Settings().upload_limit_bytes == 50 * 2**20
