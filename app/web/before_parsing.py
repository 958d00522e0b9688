"""The short way before the server's parser: a request head as it came over the wire, and the whole answer as bytes.

Of a kept list gunicorn's parser, the WSGI environment, checking our own headers and two writes took more of the processor than
everything that is decided about it. A head is taken here only if it is so plain that nobody could read it otherwise: one
GET of a known address in HTTP/1.1, complete, nothing after it, every header once and none that asks for more. Everything else is
gunicorn's (app/web/server.py), the first request of each address too.
"""

import re
import time
from collections.abc import Callable
from email.utils import formatdate

from app.web import metrics, short_way

# Each line ends with CRLF; no folded lines, no blanks in names, no control characters. An address with % is decoded elsewhere.
_HEAD = re.compile(rb"GET (/[!$&-~]*) HTTP/1\.1\r\n((?:[A-Za-z0-9-]+:[ -~]*\r\n)+)\r\n")
_NOT_PLAIN = frozenset(
    (
        *("content-length", "transfer-encoding", "te", "trailer", "expect", "upgrade", "http2-settings", "range", "if-range"),
        *("if-match", "if-none-match", "if-modified-since", "if-unmodified-since"),
    )
)
_date = (0, "")

Log = Callable[[str, str, str, int, int, float, str], None]


def answer(head: bytes, peer: str, log: Log) -> bytes | None:
    """All bytes of the answer to `head`, or None when gunicorn has to read it; what was counted is handed on to the long way.

    `log` is told (client, method, path, status, bytes, seconds, request id) of an answer.
    """
    started = time.perf_counter()
    found = _HEAD.fullmatch(head)
    if found is None:
        return None
    path, _, query = found[1].decode().partition("?")
    if not short_way.knows((path, query)):
        return None
    headers = _plain_headers(found[2])
    if headers is None:
        return None
    authorization = headers.get("authorization", "")
    counted, reply = short_way.tell((path, query), authorization, headers.get("x-request-id", ""))
    if reply is None:
        short_way.hand_on((path, query), authorization, counted)
        return None
    seconds = time.perf_counter() - started
    metrics.observe("GET", reply.endpoint, 200, seconds)
    log(headers.get("x-real-ip") or peer, "GET", path, 200, len(reply.body), seconds, reply.headers[-1][1])
    lines = "".join([f"{name}: {value}\r\n" for name, value in reply.headers])
    return f"HTTP/1.1 200 OK\r\nServer: gunicorn\r\nDate: {_now()}\r\nConnection: keep-alive\r\n{lines}\r\n".encode() + reply.body


def _plain_headers(lines: bytes) -> dict[str, str] | None:
    """By lower-case name; None when one comes twice or asks for more than the plain answer."""
    headers: dict[str, str] = {}
    for line in lines.decode().split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        name = name.lower()
        if name in headers or name in _NOT_PLAIN:
            return None
        headers[name] = value.strip(" ")
    plain = headers.get("connection", "keep-alive").lower() == "keep-alive"
    return headers if plain and short_way.takes_gzip(headers.get("accept-encoding", "")) else None


def _now() -> str:
    """For the Date header; made once a second."""
    global _date
    second = int(time.time())
    if _date[0] != second:
        _date = second, formatdate(second, usegmt=True)
    return _date[1]
