"""The answer to a draft that was made of a what-if or of a proposal."""

from collections.abc import Sequence
from http import HTTPStatus

from flask import Response

from app.core.mongo import Document
from app.trade.hierarchy.answers import encode, json_answer


def draft_made(row: Document, warnings: Sequence[str]) -> Response:
    """`DraftMade` of the promotion `row`, 201, with the address of the draft."""
    answer = json_answer(encode({"promotion_id": row["_id"], "code": row["code"], "warnings": warnings}), HTTPStatus.CREATED)
    answer.headers["Location"] = f"/api/v1/promotions/{row['_id']}"
    return answer
