"""The HTTP probe understands every service's way of saying that it, or something behind it, is down."""

import json

import httpx
import pytest

from app.supervisor.probes.http import http_probe, judge_health
from app.supervisor.state import Outcome
from tests.unit.supervisor.probes import server


def _answer(code: int, /, **body: object) -> httpx.Response:
    return httpx.Response(code, json=body)


@pytest.mark.parametrize(
    ("answer", "outcome", "blames"),
    [
        (_answer(200, status="ok"), Outcome.OK, ()),
        (httpx.Response(200, text="fine"), Outcome.OK, ()),
        (_answer(503, status="down", down=["database"], checks={}), Outcome.BLAMES, ("mongodb",)),
        (
            _answer(503, status="down", checks={"redis": {"status": "down"}, "database": {"status": "ok"}}),
            Outcome.BLAMES,
            ("redis",),
        ),
        (_answer(503, status="degraded", database="down", model=None), Outcome.BLAMES, ("mongodb",)),
        (_answer(503, status="down", silent=["consumer"]), Outcome.UNREADY, ()),
        (_answer(200, status="degraded"), Outcome.UNREADY, ()),
        (httpx.Response(500, text="<h1>oops"), Outcome.UNREADY, ()),
        (_answer(503, down=["something of its own"]), Outcome.UNREADY, ()),
        (httpx.Response(503, json=["odd"]), Outcome.UNREADY, ()),
    ],
    ids=["ok", "not json", "down list", "checks", "field", "own trouble", "degraded 200", "html", "unknown name", "list"],
)
def test_what_health_says_is_understood(answer: httpx.Response, outcome: Outcome, blames: tuple[str, ...]) -> None:
    verdict = judge_health(answer)
    assert (verdict.outcome, verdict.blames) == (outcome, blames)


def test_a_healthy_service_is_ok() -> None:
    with server.http({"/health": (200, json.dumps({"status": "ok"}))}) as url:
        assert http_probe(url)(2).outcome is Outcome.OK


def test_nobody_there_is_silence() -> None:
    assert http_probe(f"http://127.0.0.1:{server.closed_port()}")(2).outcome is Outcome.SILENT


def test_a_process_that_answers_livez_lives_though_its_health_takes_too_long() -> None:
    with server.http({"/livez": (200, "ok")}, slow=frozenset({"/health"})) as url:
        assert http_probe(url)(0.2).outcome is Outcome.UNREADY


def test_a_process_that_answers_nothing_is_silent() -> None:
    with server.http({}, slow=frozenset({"/health", "/livez"})) as url:
        answer = http_probe(url)(0.2)
    assert answer.outcome is Outcome.SILENT
    assert "no answer within" in answer.detail
