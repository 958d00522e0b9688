"""Talking to the AI service: waiting for a training, and failures that say what to do."""

import json
from typing import Any

import httpx
import pytest

from app.core.clock import iso, now
from app.core.errors import Conflict, Invalid, Unavailable
from app.trade.promotions.ai_client import PATIENCE_SECONDS, AiClient


class Service:
    """Gives the prepared answers in order, the last one for ever."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def client(self) -> AiClient:
        return AiClient(httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return httpx.Response(status, content=json.dumps(body))


def job(status: str, started: str | None = None, **more: Any) -> tuple[int, Any]:
    return 202, {
        "job": {"id": "trn_1", "status": status, "started_at": started or iso(now()), "progress": 0.5, "step": "fit", **more}
    }


class Clock:
    def __init__(self) -> None:
        self.moment = 0.0

    def wait(self, seconds: float) -> None:
        self.moment += seconds

    def monotonic(self) -> float:
        return self.moment


def train(service: Service) -> list[tuple[float, str]]:
    watched: list[tuple[float, str]] = []
    clock = Clock()
    with service.client() as ai:
        ai.train("pos", lambda share, step: watched.append((share, step)), clock.wait, clock.monotonic)
    return watched


def test_a_training_is_watched_until_it_is_done() -> None:
    service = Service(job("running"), job("running"), job("done"))
    assert train(service) == [(0.5, "fit")] * 3
    assert service.asked == ["POST /v1/train", "GET /v1/train/trn_1", "GET /v1/train/trn_1"]


def test_a_training_that_ran_already_read_older_sales_so_another_follows() -> None:
    service = Service(job("running", "2020-01-01T00:00:00Z"), job("done", "2020-01-01T00:00:00Z"), job("running"), job("done"))
    train(service)
    assert service.asked.count("POST /v1/train") == 2


def test_a_failed_training_says_why() -> None:
    with pytest.raises(Conflict, match="no sales at all"):
        train(Service(job("failed", error="no sales at all")))


def test_a_training_that_does_not_end_is_given_up() -> None:
    with pytest.raises(Unavailable, match="still fitting"):
        train(Service(job("running")))


def uplift(service: Service, clock: Clock) -> list[dict[str, Any]]:
    with service.client() as ai:
        return ai.uplift([{"id": "prm_1"}], "pos", clock.wait, clock.monotonic)


def test_a_service_that_is_being_restarted_is_waited_for_and_asked_again() -> None:
    away, answer = (503, {"detail": "starting"}), (200, {"results": [{"id": "prm_1"}], "model": {"id": "mdl_1"}})
    assert uplift(Service(away, away, answer), Clock()) == [{"id": "prm_1", "model": {"id": "mdl_1"}}]


def test_a_service_that_stays_away_is_given_up_with_its_reason() -> None:
    clock = Clock()
    with pytest.raises(Unavailable, match="starting"):
        uplift(Service((503, {"detail": "starting"})), clock)
    assert clock.moment == PATIENCE_SECONDS


def test_a_refusal_is_not_asked_again() -> None:
    service = Service((422, {"detail": "unknown customer"}))
    with pytest.raises(Invalid, match="unknown customer"):
        uplift(service, Clock())
    assert len(service.asked) == 1


def test_a_service_that_restarts_meanwhile_is_asked_again() -> None:
    answers: list[Any] = [job("running"), None, None, job("done")]

    def answer(_request: httpx.Request) -> httpx.Response:
        told = answers.pop(0)
        if told is None:
            raise httpx.ConnectError("refused")
        return httpx.Response(told[0], content=json.dumps(told[1]))

    clock = Clock()
    with AiClient(httpx.MockTransport(answer)) as ai:
        ai.train("pos", wait=clock.wait, monotonic=clock.monotonic)
    assert answers == []
