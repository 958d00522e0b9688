"""The MongoDB probe speaks the wire protocol and survives whatever speaks back."""

import socket
import struct
from collections.abc import Callable

import bson
import pytest

from app.supervisor.probes.mongodb import decode, encode, judge_reply, mongodb_probe
from app.supervisor.state import Outcome
from tests.unit.supervisor.probes import server


def _says(reply: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(reply)

    return serve


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ({"ok": 1.0}, Outcome.OK),
        ({"ok": 0.0, "code": 13, "codeName": "Unauthorized"}, Outcome.OK),
        ({"ok": 0.0, "code": 91, "codeName": "ShutdownInProgress"}, Outcome.UNREADY),
        (None, Outcome.SILENT),
    ],
)
def test_replies(reply: dict[str, object] | None, outcome: Outcome) -> None:
    assert judge_reply(reply).outcome is outcome


def test_a_ping_over_the_wire() -> None:
    heard = []

    def serve(connection: socket.socket) -> None:
        heard.append(decode(connection.recv(1000)))
        connection.sendall(encode({"ok": 1.0}))

    with server.tcp(serve) as port:
        assert mongodb_probe("127.0.0.1", port)(2).outcome is Outcome.OK
    assert heard == [{"ping": 1, "$db": "admin"}]


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        struct.pack("<iiii", 16, 1, 1, 2013),
        struct.pack("<iiii", 40, 1, 1, 1) + b"x" * 24,
        struct.pack("<iiiiiB", 30, 1, 1, 2013, 0, 0) + b"\xff" * 9,
        struct.pack("<i", 2**30),
        b"",
    ],
    ids=["http", "no body", "other op code", "no bson", "huge", "closed"],
)
def test_nonsense_is_silence_and_never_an_exception(reply: bytes) -> None:
    with server.tcp(_says(reply)) as port:
        assert mongodb_probe("127.0.0.1", port)(1).outcome is Outcome.SILENT


def test_nobody_there() -> None:
    assert mongodb_probe("127.0.0.1", server.closed_port())(1).outcome is Outcome.SILENT


def test_messages_survive_a_round_trip() -> None:
    assert decode(encode({"a": 1})) == {"a": 1}
    assert bson.decode(encode({"a": 1})[21:]) == {"a": 1}
