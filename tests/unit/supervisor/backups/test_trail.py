"""What is owed to the audit trail is delivered in order, once, and not lost while nobody takes it."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from app.backup.owed import owe, owed
from app.backup.shelf import Shelf
from app.core.internal import HEADER, fits
from app.supervisor.backups.trail import Trail

NOW = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)


class Backend:
    """Answers with `status`; keeps what it took."""

    def __init__(self) -> None:
        self.status, self.taken = 204, list[str]()
        backend = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                known = self.path == "/internal/audit" and fits("audit", "secret", self.headers[HEADER])
                status = backend.status if known else 404
                if status == 204:
                    backend.taken.append(body["backup"])
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_anything: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def backend() -> Iterator[Backend]:
    made = Backend()
    threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Two entries are owed."""
    made = Shelf(tmp_path)
    for name in ("one", "two"):
        owe(made, NOW, "Ada", "backup.downloaded", name, "why")
    return made


def test_everything_is_delivered_in_order_and_once(backend: Backend, shelf: Shelf) -> None:
    trail = Trail(backend.url, lambda: "secret")
    assert (trail.deliver(shelf), trail.deliver(shelf)) == (2, 0)
    assert backend.taken == ["one", "two"]
    assert owed(shelf) == []


@pytest.mark.parametrize("status", [500, 503, 404])
def test_while_nobody_takes_it_it_waits(backend: Backend, shelf: Shelf, status: int) -> None:
    trail, backend.status = Trail(backend.url, lambda: "secret"), status
    assert trail.deliver(shelf) == 0
    assert len(owed(shelf)) == 2
    backend.status = 204
    assert trail.deliver(shelf) == 2


def test_without_a_backend_it_waits(shelf: Shelf) -> None:
    assert Trail("http://127.0.0.1:1", lambda: "secret").deliver(shelf) == 0
    assert len(owed(shelf)) == 2


def test_what_will_never_be_taken_keeps_no_other_waiting(backend: Backend, shelf: Shelf) -> None:
    backend.status = 422
    Trail(backend.url, lambda: "secret").deliver(shelf)
    assert owed(shelf) == []
    assert len(list((shelf.work / "owed").glob("*.refused"))) == 2
