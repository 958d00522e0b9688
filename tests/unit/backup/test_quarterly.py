"""The load step of the quarter's test, and the report that is kept of it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.backup.quarterly import make_load
from app.backup.reports import Report, Step, find_report, keep_report, reports
from app.backup.shelf import Shelf
from app.core.errors import NotFound

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def door() -> Iterator[str]:
    """A door of which every third answer is an error."""
    turn = iter(range(10**9))

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(503 if next(turn) % 3 == 2 else 200)
            self.end_headers()

        def log_message(self, *_anything: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_load_counts_answers_errors_and_time(door: str) -> None:
    met = make_load(door, 1.0, 3)
    assert met.answers >= 3
    assert met.errors == met.answers // 3
    assert 0 < met.p50 <= met.p99


def test_a_door_that_does_not_answer_is_nothing_but_errors() -> None:
    met = make_load("http://127.0.0.1:9", 0.2, 1)
    assert met.errors == met.answers > 0


def test_a_report_is_read_as_it_was_kept_and_the_newest_comes_first(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    old = Report("20260101T020000Z", "Ada", NOW, NOW + timedelta(seconds=90), (Step("failover", NOW, 1.0, "person", "by hand"),))
    new = Report("20260401T020000Z", "Ada", NOW, NOW, (Step("load", NOW, 1.0, "bad", "slow"),))
    for report in (new, old):
        keep_report(shelf, report)
    assert reports(shelf) == [new, old]
    assert (old.good, old.seconds, new.good) == (True, 90, False)
    with pytest.raises(NotFound, match=r"There is no report \.\./lock"):
        find_report(shelf, "../lock")
