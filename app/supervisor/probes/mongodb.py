"""Asks MongoDB to `ping`, in its wire protocol: one message, where the driver costs 30 MB of memory and its own threads."""

import socket
import struct
from collections.abc import Callable

import bson
import bson.errors

from app.supervisor.probes.answer import OK, Answer, Probe, refused, silent
from app.supervisor.state import Outcome

# https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/#op_msg
_OP_MSG = 2013
_HEADER = struct.Struct("<iiii")  # length, request id, response to, op code
_BODY_AT = _HEADER.size + 4 + 1  # after the flag bits and the section kind
_LARGEST = 64 * 1024
_UNAUTHORIZED = 13  # a server that wants a sign-in for `ping` has answered all the same


def mongodb_probe(host: str, port: int) -> Probe:
    """A probe of the MongoDB at `host`. No sign-in: whether the password fits is the backend's probe to say."""

    def ask(seconds: float) -> Answer:
        try:
            with socket.create_connection((host, port), seconds) as connection:
                connection.sendall(encode({"ping": 1, "$db": "admin"}))
                with connection.makefile("rb") as stream:
                    return judge_reply(_read(stream.read))
        except OSError as error:
            return refused(host, error, seconds)
        except (ValueError, struct.error, bson.errors.BSONError) as error:
            return silent(f"{host} answers, but not as MongoDB: {error}")

    return ask


def encode(command: dict[str, object]) -> bytes:
    """One OP_MSG with one body section."""
    body = bson.encode(command)
    return _HEADER.pack(_BODY_AT + len(body), 1, 0, _OP_MSG) + struct.pack("<iB", 0, 0) + body


def decode(message: bytes) -> dict[str, object]:
    """The body of one OP_MSG reply. Raises ValueError for anything else."""
    _length, _request, _response, op_code = _HEADER.unpack(message[: _HEADER.size])
    if op_code != _OP_MSG or message[_BODY_AT - 1] != 0:
        raise ValueError(f"op code {op_code}")
    return dict(bson.decode(message[_BODY_AT:]))


def judge_reply(reply: dict[str, object] | None) -> Answer:
    """The verdict on the reply to `ping`; None when the connection was closed instead."""
    if reply is None:
        return silent("closed the connection")
    if reply.get("ok") == 1.0 or reply.get("code") == _UNAUTHORIZED:
        return OK
    return Answer(Outcome.UNREADY, f"ping answers {reply.get('codeName') or reply.get('errmsg') or 'an error'}"[:200])


def _read(read: Callable[[int], bytes]) -> dict[str, object] | None:
    head = read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack("<i", head)
    if not _BODY_AT <= length <= _LARGEST:
        raise ValueError(f"a message of {length} bytes")
    return decode(head + read(length - 4))
