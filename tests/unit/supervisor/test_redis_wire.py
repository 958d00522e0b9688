"""Replies of Redis are read as what they are; what is none is refused."""

import io
import socket
from typing import Any

import pytest

from app.supervisor.redis_wire import RedisSays, RedisWire, read_reply
from tests.unit.supervisor.probes import server


@pytest.mark.parametrize(
    ("sent", "reply"),
    [
        (b"+OK\r\n", "OK"),
        (b":42\r\n", 42),
        (b"$5\r\nhe\r\nl\r\n", "he\r\nl"),
        (b"$-1\r\n", None),
        (b"*-1\r\n", None),
        (b"*2\r\n$1\r\na\r\n*1\r\n:1\r\n", ["a", [1]]),
    ],
)
def test_replies(sent: bytes, reply: Any) -> None:
    assert read_reply(io.BytesIO(sent)) == reply


@pytest.mark.parametrize("sent", [b"", b"$5\r\nhe", b"HTTP/1.1 400\r\n", b"$999999999999\r\n", b":x\r\n", b"+no end"])
def test_what_is_no_reply_is_an_error(sent: bytes) -> None:
    with pytest.raises((OSError, ValueError)):
        read_reply(io.BytesIO(sent))


def _serving(reply: bytes) -> Any:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(reply)

    return server.tcp(serve)


def test_an_error_stands_in_its_place() -> None:
    with _serving(b"+OK\r\n-OOM command not allowed\r\n:3\r\n") as port:
        first, second = RedisWire("127.0.0.1", port, lambda: "x").ask(("SET", "a", 1), ("LLEN", "b"))
    assert isinstance(first, RedisSays)
    assert second == 3


def test_a_wrong_password_is_said() -> None:
    with _serving(b"-WRONGPASS invalid\r\n-NOAUTH\r\n") as port, pytest.raises(RedisSays, match="WRONGPASS"):
        RedisWire("127.0.0.1", port, lambda: "x").ask_one("PING")


def test_nobody_there_is_an_oserror() -> None:
    with pytest.raises(OSError, match="refused"):
        RedisWire("127.0.0.1", server.closed_port(), lambda: "x").ask_one("PING")
