"""JSON answers built once, as bytes, without passing every value through a schema again."""

import json
from typing import Any

from flask import Response, request


def encode(value: Any) -> bytes:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def json_answer(body: bytes, status: int = 200) -> Response:
    """`body` with its ETag; 304 without a body when the asker has it already."""
    answer = Response(body, status, mimetype="application/json")
    if status == 200 and request.method == "GET":
        answer.add_etag()
        answer.headers["Cache-Control"] = "private, no-cache"
        answer.make_conditional(request)
    return answer
