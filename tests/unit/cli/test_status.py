"""`tradeai status` shows the supervisor's view, and its exit code can be trusted by scripts."""

import json
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from app.cli import status
from app.cli.app import tradeai

HEALTHY = {"status": "healthy", "since": "2026-01-01T00:00:00.000Z", "latency_ms": 1.4, "restarts": 0, "reason": None}
DOWN = {"status": "failed", "since": "2026-01-01T00:00:00.000Z", "latency_ms": None, "restarts": 3, "reason": "ended with code 1"}


def _status(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response, *arguments: str) -> Result:
    transport = httpx.MockTransport(lambda request: answer if request.url.path == "/health" else httpx.Response(404))
    monkeypatch.setattr(
        status,
        "open_client",
        lambda url, timeout_seconds: httpx.Client(base_url=url, timeout=timeout_seconds, transport=transport),
    )
    return CliRunner().invoke(tradeai, ["status", *arguments])


def _health(overall: str, **services: dict[str, Any]) -> httpx.Response:
    return httpx.Response(503 if overall == "down" else 200, json={"status": overall, "services": services})


def test_a_healthy_appliance_is_a_table_and_exit_code_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    result = _status(monkeypatch, _health("ok", redis=HEALTHY))
    assert result.exit_code == 0
    assert "redis" in result.stdout
    assert "1 ms" in result.stdout


def test_a_core_service_down_is_exit_code_one_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    result = _status(monkeypatch, _health("down", redis=HEALTHY, mongodb=DOWN))
    assert result.exit_code == 1
    assert "ended with code 1" in result.stdout


def test_json_is_the_supervisors_document(monkeypatch: pytest.MonkeyPatch) -> None:
    result = _status(monkeypatch, _health("down", mongodb=DOWN), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["services"]["mongodb"]["status"] == "failed"


def test_something_else_on_the_port_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    result = _status(monkeypatch, httpx.Response(200, json={"hello": "world"}))
    assert result.exit_code == 1
    assert "Something other than the supervisor" in result.stderr


def test_no_supervisor_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(
        status, "open_client", lambda url, timeout_seconds: httpx.Client(base_url=url, transport=httpx.MockTransport(refuse))
    )
    result = CliRunner().invoke(tradeai, ["status"])
    assert result.exit_code == 1
    assert "The supervisor does not answer" in result.stderr
