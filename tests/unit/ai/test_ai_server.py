"""gunicorn's worker of the AI service, as a process: simulations have one thread, everything else goes gunicorn's way."""

import json
import logging
import math
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest

from ai.server import Line
from tests.gunicorn_process import served

pytestmark = pytest.mark.slow  # a server is started
# Stands where the service is: simulations tell who answered them, everything else what came; /slow waits for /go.
APPLICATION = """
import json, threading
from types import SimpleNamespace
from ai import before_parsing
from ai.metrics import Metrics
from ai.problems import Invalid

class Told:
    def __init__(self, asked):
        self.asked = asked

    def model_dump_json(self, by_alias):
        return json.dumps({"thread": threading.current_thread().name, "cut": self.asked.cut})

def answer_to(parts, asked):
    if asked.cut == 0.5:
        raise Invalid("refused")
    return Told(asked)

before_parsing.answer_to = answer_to
go = threading.Event()

class Application:
    extensions = {"ai": SimpleNamespace(metrics=Metrics(), serving=SimpleNamespace(keep_ready=lambda source: None))}

    def __call__(self, environ, start_response):
        path, body = environ["PATH_INFO"], environ["wsgi.input"].read().decode()
        if path == "/slow":
            go.wait(30)
        if path == "/go":
            go.set()
        told = json.dumps({"path": path, "body": body, "thread": threading.current_thread().name}).encode()
        start_response("200 OK", [("Content-Length", str(len(told)))])
        return [told]

application = Application()
"""
LIVE = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
GO, SLOW = LIVE.replace(b"/livez", b"/go"), LIVE.replace(b"/livez", b"/slow")
ASKED = {"customer_ids": ["cus_1"], "product_ids": ["prd_1"], "start": "2026-01-05", "end": "2026-01-11"}


def simulation(cut: float = 0.25, head: bytes = b"", **changes: Any) -> bytes:
    body = json.dumps(ASKED | {"cut": cut} | changes).encode()
    return b"POST /v1/simulate HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n" % (head, len(body)) + body


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    options = ("--keep-alive=2", "--graceful-timeout=3")
    with served(tmp_path_factory.mktemp("server"), APPLICATION, *options, TRADEAI_SERVICE="ai") as number:
        yield number


def exchange(port: int, *sent: bytes, pause: float = 0.0) -> dict[str, Any]:
    """The answer to one request, sent in parts."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection, connection.makefile("rb") as reading:
        for part in sent:
            connection.sendall(part)
            time.sleep(pause)
        return read(reading)


def read(reading: BinaryIO) -> dict[str, Any]:
    """The next answer with its status and headers; empty when the connection has ended."""
    status, headers = reading.readline(), {}
    if not status:
        return {}
    while (line := reading.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    if status[9:12] == b"100":  # it may be sent now; the answer itself follows
        return read(reading)
    body = reading.read(int(headers["content-length"]))
    return {"status": int(status[9:12]), "headers": headers, **json.loads(body)}


def test_simulations_of_many_connections_have_one_thread(port: int) -> None:
    with ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60)) for _ in range(8)]
        for turn in range(3):
            for number, connection in enumerate(connections):
                connection.sendall(simulation(cut=(number + 10 * turn + 1) / 100))
            answers = [read(stack.enter_context(connection.makefile("rb"))) for connection in connections]
            assert {answer["thread"] for answer in answers} == {"simulations"}
            assert [answer["cut"] for answer in answers] == [(number + 10 * turn + 1) / 100 for number in range(8)]


def test_both_ways_share_a_connection_and_what_comes_together_is_answered_in_order(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection, connection.makefile("rb") as reading:
        connection.sendall(simulation(0.1) + simulation(0.2) + LIVE + simulation(0.3))
        answers = [read(reading) for _ in range(3)]
        assert [answer.get("cut", answer.get("path")) for answer in answers] == [0.1, 0.2, "/livez"]
        assert read(reading)["path"] == "/v1/simulate"  # gunicorn read it with the one before
        connection.sendall(simulation(0.4))
        assert read(reading)["thread"] == "simulations"


def test_simulations_and_health_are_answered_while_long_questions_are_at_work(port: int) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60)) for _ in range(3)]
        for connection in slow:
            connection.sendall(SLOW)
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60)) for _ in range(5)]
        assert exchange(port, simulation())["thread"] == "simulations"
        assert exchange(port, LIVE)["path"] == "/livez"
        assert exchange(port, GO)["path"] == "/go"
        assert [read(stack.enter_context(one.makefile("rb")))["path"] for one in slow] == ["/slow"] * 3
        silent[0].sendall(LIVE)
        assert read(stack.enter_context(silent[0].makefile("rb")))["path"] == "/livez"


def test_a_body_that_comes_later_is_waited_for(port: int) -> None:
    head, body = simulation().split(b"\r\n\r\n")
    assert exchange(port, head + b"\r\n\r\n", body[:10], body[10:], pause=0.1)["thread"] == "simulations"


@pytest.mark.parametrize(
    "request_",
    [
        simulation(cut=0.5),
        simulation(cut=7),
        simulation(nonsense=1),
        simulation(head=b"Expect: 100-continue\r\n"),
        simulation(head=b"Connection: close\r\n"),
        simulation(head=b"X-Request-ID: a\r\nx-request-id: b\r\n"),
        simulation(customer_ids=[f"cus_{number:015}" for number in range(5_000)]),
    ],
    ids=["refused", "out of range", "unknown field", "expects", "closes", "twice", "long"],
)
def test_what_is_not_plain_and_right_goes_the_long_way_whole(port: int, request_: bytes) -> None:
    answer = exchange(port, request_)
    assert answer["path"] == "/v1/simulate"
    assert answer["body"] == request_.split(b"\r\n\r\n")[1].decode()


def test_a_request_id_comes_back_and_one_that_is_none_is_replaced(port: int) -> None:
    assert exchange(port, simulation(head=b"X-Request-ID: req-7\r\n"))["headers"]["x-request-id"] == "req-7"
    assert len(exchange(port, simulation(head=b"X-Request-ID: <b>\r\n"))["headers"]["x-request-id"]) == 32


def test_a_request_cut_short_is_no_request(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection, connection.makefile("rb") as reading:
        connection.sendall(simulation()[:-5])
        connection.shutdown(socket.SHUT_WR)
        assert read(reading)["thread"] != "simulations"
    assert exchange(port, simulation())["thread"] == "simulations"


@pytest.mark.parametrize("sent", [b"", simulation(), simulation()[:60]], ids=["nothing", "a simulation", "half of one"])
def test_a_silent_connection_ends_after_the_time_of_keep_alive(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(sent)
        if sent == simulation()[:60]:  # gunicorn waits for the rest of what began; here its other side gives up
            time.sleep(4)
            connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass


def test_what_nobody_foresaw_ends_its_connection_and_never_the_line() -> None:
    def answer(data: bytes, _peer: str) -> tuple[int, bytes]:
        if data == b"bad":
            raise ZeroDivisionError
        return len(data), b"told " + data

    worker = Recorder()
    line = Line(worker, answer)  # type: ignore[arg-type]
    line.start()
    bad, ours = connection()
    line.take(ours)
    bad.sendall(b"bad")
    assert worker.deferred.get(timeout=30)[:2] == (worker.drop, (ours,))
    good, theirs = connection()
    line.take(theirs)
    for text in (b"one", b"two"):
        good.sendall(text)
        assert good.recv(100) == b"told " + text
    good.close()
    assert worker.deferred.get(timeout=30)[:2] == (worker.take_back, (theirs, b""))


class Recorder:
    """Stands where gunicorn's worker is: keeps what is handed to it."""

    alive, nr = True, 0

    def __init__(self) -> None:
        self.deferred: Any = SimpleQueue()
        self.method_queue = SimpleNamespace(defer=lambda to, *what: self.deferred.put((to, what)))
        self.log = logging.getLogger("gunicorn.error")

    def drop(self, conn: Any) -> None: ...

    def take_back(self, conn: Any, unread: bytes) -> None: ...


def connection() -> tuple[socket.socket, Any]:
    """The other side, and ours as gunicorn has it."""
    theirs, ours = socket.socketpair()
    theirs.settimeout(30)
    return theirs, Connection(ours)


class Connection:
    client, timeout = ("127.0.0.1", 1), math.inf

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock

    def set_timeout(self) -> None: ...
