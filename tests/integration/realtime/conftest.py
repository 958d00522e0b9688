"""A realtime server as a process of its own, reached through real sockets."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from app.access import tickets
from app.access.models import Principal, Role
from tests.integration.processes import Service, Wire, free_port, redis_address, redis_settings, wait_until


class Client:
    """A WebSocket client that keeps what it hears; `expect` waits for a message of a type."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.welcome = self.expect("welcome")

    def send(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def receive(self, seconds: float = 10.0) -> dict[str, Any]:
        return json.loads(self.connection.recv(seconds))  # type: ignore[no-any-return]

    def expect(self, kind: str, seconds: float = 10.0) -> dict[str, Any]:
        """The next message, which has to be of that type."""
        message = self.receive(seconds)
        assert message["type"] == kind, message
        return message

    def sign_in(self, role: Role = Role.ANALYST, user_id: str = "usr_test", session_id: str = "ses_1") -> dict[str, Any]:
        ticket = tickets.issue(Principal(user_id, "Ana Lyst", "ana@example.com", role), session_id)
        self.send(type="sign_in", ticket=ticket)
        return self.expect("signed_in")

    def subscribe(self, *topics: str, since: str | None = None) -> dict[str, Any]:
        self.send(type="subscribe", topics=list(topics), **({"since": since} if since else {}))
        return self.expect("subscribed")

    def closed(self, seconds: float = 10.0) -> tuple[int, str]:
        """Read on until the server closes; its code and reason."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                self.connection.recv(0.2)
            except TimeoutError:
                continue
            except Exception:
                close = self.connection.protocol.close_rcvd
                assert close is not None, "cut off without a reason"
                return close.code, close.reason
        pytest.fail("the server did not close the socket")


class Server(Service):
    """The realtime server under test."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.port = free_port()
        own = {"TRADEAI_SERVICE": "realtime", "TRADEAI_REALTIME_PORT": str(self.port)}
        super().__init__("app.realtime", {**environment, **own}, folder)

    @classmethod
    @contextmanager
    def running(cls, environment: dict[str, str], folder: Path) -> Iterator["Server"]:
        """Started, listening, and stopped afterwards."""
        server = cls(environment, folder)
        try:
            wait_until(server._ready, 60, "the realtime server listens")
            yield server
        finally:
            server.stop()

    def restart(self) -> None:
        """A new process with the same settings, on another port."""
        self.stop()
        Server.__init__(self, self.environment, self._log.parent)
        wait_until(self._ready, 60, "the realtime server listens again")

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5)

    def _ready(self) -> bool:
        assert self.process.poll() is None, self.output
        try:
            return self.get("/health").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A way to Redis that a test may cut."""
    wire = Wire(*redis_address())
    yield wire
    wire.close()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Server"]:
    """One server for all tests of a file that do not harm it."""
    folder = tmp_path_factory.mktemp("realtime")
    with Server.running(redis_settings(folder), folder) as server:
        yield server


@pytest.fixture
def server(request: pytest.FixtureRequest, redis_client: Any) -> Iterator["Server"]:
    """A running realtime server; one of its own, behind a wire to Redis, for a test that uses `wire`."""
    if "wire" not in request.fixturenames:
        yield request.getfixturevalue("shared_server")
        return
    folder = request.getfixturevalue("tmp_path")
    with Server.running(redis_settings(folder, request.getfixturevalue("wire").port), folder) as server:
        yield server


@pytest.fixture
def open_client(server: Server) -> Iterator[Callable[..., Client]]:
    """`open_client()`: a new connection that has had its welcome."""
    opened: list[ClientConnection] = []

    def open_one(**options: Any) -> Client:
        connection = connect(f"ws://127.0.0.1:{server.port}/ws", compression=None, **options)
        opened.append(connection)
        return Client(connection)

    yield open_one
    for connection in opened:
        connection.socket.close()
