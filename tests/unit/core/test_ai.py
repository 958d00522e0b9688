"""The door to the AI service: each refusal becomes an error to act on."""

import json
from typing import Any

import httpx
import pytest

from app.core.ai import AiService, AiSilent, NoForecast, NoModel, NoSales
from app.core.errors import Conflict, Invalid, NotFound, TooLarge, Unavailable


def service(status: int, body: Any) -> AiService:
    return AiService(httpx.MockTransport(lambda _request: httpx.Response(status, content=json.dumps(body))))


@pytest.mark.parametrize(("status", "body", "kind"), [
    (409, {"type": "/problems/no-model", "detail": "nothing fitted"}, NoModel),
    (409, {"type": "/problems/no-forecast", "detail": "too old"}, NoForecast),
    (409, {"type": "/problems/no-sales", "detail": "none"}, NoSales),
    (409, {"type": "/problems/busy", "detail": "wait"}, Conflict),
    (404, {"detail": "no such model"}, NotFound), (413, {"detail": "large"}, TooLarge),
    (422, {"detail": "bad id"}, Invalid), (400, {"detail": "no JSON"}, Invalid),
    (503, {"detail": "database away"}, Unavailable), (500, "no problem", Unavailable), (429, ["odd"], Unavailable),
])  # fmt: skip
def test_each_refusal_becomes_an_error_to_act_on(status: int, body: Any, kind: type[Exception]) -> None:
    with service(status, body) as ai, pytest.raises(kind) as raised:
        ai.call("POST", "/v1/forecast", json={})
    assert type(raised.value) is kind


def test_the_fields_that_the_ai_service_names_are_kept() -> None:
    body = {"detail": "1 field(s) are wrong", "errors": [{"field": "plan.0.price", "message": "too large"}, "odd"]}
    with service(422, body) as ai, pytest.raises(Invalid) as raised:
        ai.call("POST", "/v1/forecast", json={})
    assert [error.as_dict() for error in raised.value.errors] == [{"field": "plan.0.price", "message": "too large"}]


def test_an_answer_is_its_json() -> None:
    with service(200, {"models": []}) as ai:
        assert ai.call("GET", "/v1/models") == {"models": []}


def test_nobody_there() -> None:
    def refuse(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with AiService(httpx.MockTransport(refuse)) as ai, pytest.raises(AiSilent, match="does not answer"):
        ai.call("GET", "/v1/models")
