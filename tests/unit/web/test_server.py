"""gunicorn's worker with the short way before its parser, as a process: which bytes are whose."""

import socket
import time
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from tests.gunicorn_process import served

# Answers `GET /kept` before the parser, as if it were a kept list; everything else goes through WSGI.
APPLICATION = """
from app.web import before_parsing

def short(head, peer, log):
    kept = head == b"GET /kept HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"
    return b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nshort" if kept else None

before_parsing.answer = short

def application(environ, start_response):
    body = environ["REQUEST_METHOD"].encode() + b" " + environ["PATH_INFO"].encode()
    if environ["PATH_INFO"] == "/read":
        body += b" " + environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""
KEPT = b"GET /kept HTTP/1.1\r\nHost: x\r\n\r\n"
LONG = b"GET /long HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    options = ("--workers=1", "--keep-alive=2", "--graceful-timeout=1")
    with served(tmp_path_factory.mktemp("server"), APPLICATION, *options) as number:
        yield number


def exchange(port: int, *sent: bytes, answers: int, pause: float = 0.0) -> list[bytes]:
    """The bodies of `answers` answers on one connection; fewer when it ends before."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection, connection.makefile("rb") as reading:
        for part in sent:
            connection.sendall(part)
            time.sleep(pause)
        return [body for _ in range(answers) if (body := read(reading))]


def read(reading: BinaryIO) -> bytes:
    """Status and body of the next answer; nothing when the connection has ended."""
    status, length = reading.readline(), 0
    while (line := reading.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        length = int(value) if name.lower() == b"content-length" else length
    return status[9:12] + b" " + reading.read(length) if status else b""


def test_both_ways_share_a_connection(port: int) -> None:
    bodies = []
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection, connection.makefile("rb") as reading:
        for one in (KEPT, LONG, KEPT, KEPT, LONG):
            connection.sendall(one)
            bodies.append(read(reading))
    assert bodies == [b"200 short", b"200 GET /long", b"200 short", b"200 short", b"200 GET /long"]


def test_requests_sent_together_are_answered_in_order(port: int) -> None:
    bodies = exchange(port, KEPT + LONG + LONG + KEPT, answers=4)
    assert len(bodies) == 4
    assert bodies[1:3] == [b"200 GET /long", b"200 GET /long"]


def test_a_head_in_two_parts_goes_to_gunicorn(port: int) -> None:
    assert exchange(port, KEPT[:20], KEPT[20:], answers=1, pause=0.2) == [b"200 GET /kept"]


@pytest.mark.parametrize("path", ["/read", "/unread"])
@pytest.mark.parametrize("apart", [True, False])
def test_a_body_that_looks_like_a_request_is_never_answered(port: int, path: str, apart: bool) -> None:
    post = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(KEPT)}\r\n\r\n".encode()
    sent = (post, KEPT) if apart else (post + KEPT,)
    bodies = exchange(port, *sent, LONG, answers=2, pause=0.2)
    assert bodies == [b"200 POST " + path.encode() + (b" " + KEPT if path == "/read" else b""), b"200 GET /long"]


def test_what_is_no_request_is_refused_and_the_connection_ends(port: int) -> None:
    (body,) = exchange(port, b"nonsense\r\n\r\n", KEPT, answers=2, pause=0.2)
    assert body.startswith(b"400 ")


def test_a_connection_that_is_to_close_closes(port: int) -> None:
    close = LONG.replace(b"Host", b"Connection: close\r\nHost")
    assert exchange(port, close, answers=2) == [b"200 GET /long"]


@pytest.mark.parametrize("sent", [b"", b"GET /kept HT", KEPT])
def test_a_silent_connection_ends_after_the_time_of_keep_alive(port: int, sent: bytes) -> None:
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
        while connection.recv(4096):
            pass
    assert 1.5 < time.monotonic() - started < 25
