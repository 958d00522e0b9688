"""The archive answers at the right resolution, stays within its bound, and breaks without breaking anything else."""

import sqlite3
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from app.supervisor.history.archive import MOST_POINTS, Archive
from app.supervisor.history.frames import Resolution

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CPU = ("cpu", "redis")
# The real proportions, a hundredth of the length: hours pass in a unit test.
SHORT = (Resolution(15, 3600, rolled_up=False), Resolution(300, 6 * 3600), Resolution(3600, 48 * 3600))


def _recorded(archive: Archive, seconds: int, step: int = 15, begin: datetime = BEGIN) -> datetime:
    """A figure that counts the seconds; returns the moment of the last frame."""
    for second in range(0, seconds + 1, step):
        assert archive.record({CPU: float(second)}, begin + timedelta(seconds=second))
    return begin + timedelta(seconds=seconds // step * step)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path, SHORT)


def test_the_last_minutes_are_there_sample_by_sample(archive: Archive) -> None:
    now = _recorded(archive, 600)
    series = archive.read([CPU], now - timedelta(minutes=5), now)[CPU]
    assert [point.mean for point in series][-20:] == [float(second) for second in range(315, 601, 15)]


def test_what_was_pruned_is_answered_from_the_coarser_frames(archive: Archive) -> None:
    now = _recorded(archive, 4 * 3600)
    series = archive.read([CPU], now - timedelta(hours=3), now - timedelta(hours=2))[CPU]
    assert {later.at - earlier.at for earlier, later in pairwise(series)} == {300}
    first = series[1]
    assert (first.high - first.low, first.mean) == (285.0, (first.high + first.low) / 2)


def test_a_chart_ends_at_this_moment_whatever_its_resolution(archive: Archive) -> None:
    now = _recorded(archive, 3 * 3600 + 1200)
    series = archive.read([CPU], now - timedelta(hours=30), now)[CPU]
    assert series[-1].high == 3 * 3600 + 1200
    assert [point.at for point in series] == sorted({point.at for point in series})


def test_no_chart_gets_more_points_than_can_be_seen(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    for hours in (1, 24, 24 * 7, 24 * 31, 24 * 365, 24 * 730):
        span = timedelta(hours=hours)
        assert span.total_seconds() / archive.step(BEGIN - span, BEGIN) <= MOST_POINTS


def test_the_file_never_outgrows_its_bound(tmp_path: Path) -> None:
    archive = Archive(tmp_path, SHORT, most_series=40)
    for minute in range(0, 60 * 60, 12):
        frame = {("figure", str(number)): float(minute) for number in range(60)}
        archive.record(frame, BEGIN + timedelta(minutes=minute))
    assert archive.left_out == 20
    archive._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    assert archive.rows() <= sum(resolution.rows for resolution in SHORT)
    assert 0 < archive.size <= archive.most_bytes
    assert archive._db.execute("PRAGMA max_page_count").fetchone()[0] * 4096 <= archive.most_bytes  # type: ignore[union-attr]


def test_room_that_is_not_needed_is_given_back(tmp_path: Path) -> None:
    archive = Archive(tmp_path, SHORT)
    assert archive._db.execute("PRAGMA auto_vacuum").fetchone() == (2,)  # type: ignore[union-attr]


def test_a_new_process_goes_on_where_the_old_one_ended(tmp_path: Path) -> None:
    first = Archive(tmp_path, SHORT)
    now = _recorded(first, 4000)
    first.close()
    second = Archive(tmp_path, SHORT)
    _recorded(second, 3600, begin=now + timedelta(seconds=15))
    assert second.known() == [CPU]
    rows = second._frames(1, 0, 2**39)
    assert [at for at, _frame in rows] == list(range(rows[0][0], rows[-1][0] + 1, 300))
    second.close()


def test_a_clock_set_back_writes_over_and_goes_on(archive: Archive) -> None:
    _recorded(archive, 900)
    assert archive.record({CPU: 7.0}, BEGIN)
    assert archive.read([CPU], BEGIN - timedelta(seconds=15), BEGIN)[CPU][-1].mean == 7.0


def test_an_unknown_series_is_empty_and_no_error(archive: Archive) -> None:
    assert archive.read([("nothing", "")], BEGIN, BEGIN + timedelta(hours=1)) == {("nothing", ""): []}


def test_a_full_volume_stops_recording_until_there_is_room(archive: Archive) -> None:
    assert archive.record({CPU: 1.0}, BEGIN)
    assert archive._db is not None
    bound = archive._db.execute("PRAGMA max_page_count").fetchone()[0]
    archive._db.execute("PRAGMA max_page_count = 1")  # as good as a full disk
    moments = [BEGIN + timedelta(seconds=15 * number) for number in range(1, 400)]
    assert not all(archive.record({CPU: 1.0}, moment) for moment in moments)
    assert "full" in archive.trouble
    assert archive.read([CPU], BEGIN - timedelta(seconds=15), BEGIN)[CPU]
    archive._db.execute(f"PRAGMA max_page_count = {bound}")
    assert archive.record({CPU: 1.0}, BEGIN + timedelta(hours=3))
    assert archive.trouble == ""


def test_a_damaged_file_is_kept_aside_and_a_fresh_one_begun(tmp_path: Path) -> None:
    content = b"no database at all, " * 300
    (tmp_path / "history.sqlite3").write_bytes(content)
    archive = Archive(tmp_path, SHORT)
    assert archive.record({CPU: 1.0}, BEGIN)
    assert archive.kept_aside is not None
    assert archive.kept_aside.read_bytes() == content


def test_a_file_that_is_damaged_while_it_is_open_is_given_up_too(tmp_path: Path) -> None:
    archive = Archive(tmp_path, SHORT)
    archive._fail(sqlite3.DatabaseError("database disk image is malformed"))
    (tmp_path / "history.sqlite3").write_bytes(b"no database at all, " * 300)
    assert archive.record({CPU: 1.0}, BEGIN)
    assert archive.kept_aside is not None
    assert archive.trouble == ""


def test_a_place_that_cannot_be_written_is_said_and_nothing_breaks(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    archive = Archive(tmp_path / "file", SHORT)
    assert not archive.record({CPU: 1.0}, BEGIN)
    assert archive.trouble
    assert archive.read([CPU], BEGIN, BEGIN) == {CPU: []}
    assert archive.size == archive.rows() == 0
