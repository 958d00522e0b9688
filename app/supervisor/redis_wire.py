"""A few commands to Redis over one fresh connection: the client library costs 30 MB of memory, the protocol two screens.

https://redis.io/docs/latest/develop/reference/protocol-spec/ (RESP 2)
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

_LARGEST = 16 * 1024 * 1024


class RedisSays(OSError):
    """Redis answered with an error; the message is its own."""


@dataclass(frozen=True)
class RedisWire:
    """Where Redis is. The password is read each time, so that a changed one needs no restart."""

    host: str
    port: int
    password: Callable[[], str]
    seconds: float = 3.0

    def ask(self, *commands: tuple[str | bytes | int, ...]) -> list[Any]:
        """The replies in order: str, int, None or lists of them; an error reply is a RedisSays in its place.

        Raises OSError when there is no connection, RedisSays when the sign-in is refused, ValueError for what is not RESP.
        """
        with socket.create_connection((self.host, self.port), self.seconds) as connection:
            connection.sendall(b"".join(_encode(command) for command in (("AUTH", self.password()), *commands)))
            with connection.makefile("rb") as stream:
                signed_in = read_reply(stream)
                if isinstance(signed_in, RedisSays) and "without any password" not in str(signed_in):
                    raise signed_in
                return [read_reply(stream) for _command in commands]

    def ask_one(self, *command: str | bytes | int) -> Any:
        """The reply to one command. Raises RedisSays for an error, and as `ask` does."""
        (reply,) = self.ask(command)
        if isinstance(reply, RedisSays):
            raise reply
        return reply


def read_reply(stream: BinaryIO) -> Any:
    """One reply. Raises OSError at the end of the stream, ValueError for what is not RESP."""
    line = stream.readline(64 * 1024)
    if not line.endswith(b"\r\n"):
        raise ConnectionResetError("Redis closed the connection")
    kind, rest = line[:1], line[1:-2]
    match kind:
        case b"+":
            return rest.decode(errors="replace")
        case b"-":
            return RedisSays(rest.decode(errors="replace"))
        case b":":
            return int(rest)
        case b"$":
            return _bulk(stream, int(rest))
        case b"*":
            count = int(rest)
            return None if count < 0 else [read_reply(stream) for _item in range(count)]
    raise ValueError(f"{kind!r} begins no reply of Redis")


def _bulk(stream: BinaryIO, length: int) -> str | None:
    if length < 0:
        return None
    if length > _LARGEST:
        raise ValueError(f"a reply of {length} bytes")
    body = stream.read(length + 2)
    if len(body) < length + 2:
        raise ConnectionResetError("Redis closed the connection")
    return body[:-2].decode(errors="replace")


def _encode(command: tuple[str | bytes | int, ...]) -> bytes:
    parts = [part if isinstance(part, bytes) else str(part).encode() for part in command]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
