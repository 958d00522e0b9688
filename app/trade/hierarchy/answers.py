"""JSON answers built once, as bytes, without passing every value through a schema again."""

import gzip
import hashlib
import json
from typing import Any

from flask import Response, request


def encode(value: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


_TAG_BYTES = 16
_LEVEL = 4


def pack(body: bytes) -> bytes:
    """`body` compressed, behind its tag: what the cache keeps, so that neither is computed for every asker."""
    return hashlib.sha256(body).digest()[:_TAG_BYTES] + gzip.compress(body, _LEVEL, mtime=0)


def unpack(packed: bytes) -> tuple[str, bytes]:
    """(tag, compressed body) of what `pack` made."""
    return packed[:_TAG_BYTES].hex(), packed[_TAG_BYTES:]


def packed_answer(packed: bytes) -> Response:
    """What `pack` made, as it is for whoever takes gzip; 304 without a body when the asker has it already."""
    tag, body = unpack(packed)
    compressed = request.accept_encodings.quality("gzip") > 0
    answer = Response(body if compressed else gzip.decompress(body), mimetype="application/json")
    if compressed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.vary.add("Accept-Encoding")
    answer.set_etag(tag, weak=True)
    answer.make_conditional(request)
    return answer


def json_answer(body: bytes, status: int = 200) -> Response:
    """`body` with its ETag; 304 without a body when the asker has it already."""
    answer = Response(body, status, mimetype="application/json")
    if status == 200 and request.method == "GET":
        answer.add_etag()
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.make_conditional(request)
    return answer
