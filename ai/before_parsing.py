"""Simulations answered from the bytes that came over the wire, before gunicorn's parser and Flask (docs/decisions/0270).

A slider asks with every move, and reading the request took half as long as answering it. Only what is plain and right is answered
here: everything else is left unread for the long way, which words every refusal.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from email.utils import formatdate

from ai.exchange import Parts
from ai.planning_schemas import SimulateRequest
from ai.requests import observe, request_id_of
from ai.simulate_api import answer_to

BEGINS = b"POST /v1/simulate HTTP/1.1\r\n"
PATH = "/v1/simulate"
LONGEST_HEAD, MOST_DIGITS = 8192, 5  # bytes of a head, digits of the length of a body
# Each line ends with CRLF; no folded lines, no blanks in names, no control characters.
_HEAD = re.compile(re.escape(BEGINS) + rb"((?:[A-Za-z0-9-]+:[ -~]*\r\n)+)\r\n")
_NOT_PLAIN = frozenset(("transfer-encoding", "te", "trailer", "expect", "upgrade", "http2-settings", "content-encoding", "range"))

AccessLog = Callable[[str, str, str, int, int, float, str], None]


def answer(parts: Parts, data: bytes, peer: str, access: AccessLog) -> tuple[int, bytes] | None:
    """How many bytes of `data` were the request, and the whole answer: (0, nothing) while more of it has to come. None when it is
    for the long way, and nothing was done.

    `access` is told (client, method, path, status, bytes, seconds, request id) of an answer.
    """
    began = time.perf_counter()
    if b"\r\n\r\n" not in data:
        return (0, b"") if len(data) < LONGEST_HEAD else None
    head = _HEAD.match(data)
    headers = _plain_headers(head[1]) if head else None
    if head is None or headers is None:
        return None
    end = head.end() + int(headers["content-length"])
    if len(data) < end:
        return 0, b""
    try:
        asked = SimulateRequest.model_validate_json(data[head.end() : end])
        body = answer_to(parts, asked).model_dump_json(by_alias=True).encode()
    except Exception:  # noqa: BLE001 - asked again the long way, which logs and words what is wrong
        return None
    request_id, seconds = request_id_of(headers.get("x-request-id", "")), time.perf_counter() - began
    observe(parts.metrics, "POST", PATH, 200, seconds, request_id=request_id)
    access(headers.get("x-real-ip") or peer, "POST", PATH, 200, len(body), seconds, request_id)
    return end, (
        f"HTTP/1.1 200 OK\r\nServer: gunicorn\r\nDate: {formatdate(usegmt=True)}\r\nConnection: keep-alive\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nX-Request-ID: {request_id}\r\n\r\n"
    ).encode() + body


def _plain_headers(lines: bytes) -> dict[str, str] | None:
    """By lower-case name; None when one comes twice, asks for more than the plain answer, or none says how long the body is."""
    headers: dict[str, str] = {}
    for line in lines.decode().split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        name = name.lower()
        if name in headers or name in _NOT_PLAIN:
            return None
        headers[name] = value.strip(" ")
    length = headers.get("content-length", "")
    plain = headers.get("connection", "keep-alive").lower() == "keep-alive" and length.isdecimal() and len(length) <= MOST_DIGITS
    return headers if plain else None
