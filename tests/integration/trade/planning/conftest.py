"""The promotions' small chain, and an AI service that gives answers recorded from the real one (answers/*.json).

tests/unit/ai/test_recorded_answers.py checks that the records still have the shape that the service answers in.
"""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core.mongo import Db
from app.trade.planning import client, work
from tests.integration.trade.promotions.conftest import Market

ANSWERS = Path(__file__).parent / "answers"


def recorded(name: str) -> dict[str, Any]:
    """A fresh copy of a recorded answer."""
    return dict(json.loads((ANSWERS / f"{name}.json").read_text()))


class RecordedAi:
    """`instead` maps a path to (status, body); `asked` keeps every question; `down` lets nobody answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.instead: dict[str, tuple[int, dict[str, Any]]] = {}
        self.down = False

    def client(self, seconds: float = 30) -> client.PlanningClient:
        return client.PlanningClient(httpx.MockTransport(self._answer), seconds)

    def questions(self, path: str) -> list[dict[str, Any]]:
        return [question for asked, question in self.asked if asked == path]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("nobody there")
        path = request.url.path
        question = json.loads(request.content or b"{}")
        self.asked.append((path, question))
        if path in self.instead:
            status, body = self.instead[path]
            return httpx.Response(status, json=body)
        answer = recorded(path.removeprefix("/v1/"))
        if path == "/v1/optimise":
            ids = {one["id"] for one in question["candidates"]}
            answer["events"] = [event for event in answer["events"] if event["id"] in ids]
        return httpx.Response(200, json=answer)


@pytest.fixture
def market(mongo: Db, redis_client: Any) -> Market:
    """The chain with sales up to the week of 18 May 2026."""
    found = Market(mongo)
    found.sell(range(20), {name: {10, 11} for name in "abcd"})
    found.sell(range(20), {name: {4} for name in "abcd"}, sku="sku2")
    return found


@pytest.fixture
def ai(monkeypatch: pytest.MonkeyPatch) -> RecordedAi:
    """The AI service that pages, API and jobs talk to."""
    fake = RecordedAi()
    monkeypatch.setattr(client, "shared", fake.client)
    monkeypatch.setattr(work, "PlanningClient", fake.client)
    return fake
