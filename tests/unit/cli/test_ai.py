"""`tradeai ai`: prints what the AI service measured, follows a training, and says what to do without a model."""

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import ai as command
from app.cli.app import tradeai
from app.trade.models import client as models_client
from app.trade.models.client import ModelsClient
from tests.integration.trade.ai_service import AiService


@pytest.fixture
def ai(monkeypatch: pytest.MonkeyPatch) -> AiService:
    double = AiService()
    monkeypatch.setattr(command, "ModelsClient", lambda: ModelsClient(double.transport()))
    monkeypatch.setattr(command, "record", lambda *entry, **more: recorded.append((*entry[1:4], more.get("after", {}))))
    monkeypatch.setattr(command, "emit", lambda *event: emitted.append(event[1:]))
    monkeypatch.setattr(models_client, "_POLL_SECONDS", 0.0)
    recorded: list[Any] = []
    emitted: list[Any] = []
    double.recorded, double.emitted = recorded, emitted  # type: ignore[attr-defined]
    return double


def run(*arguments: str) -> Result:
    return CliRunner().invoke(tradeai, ["ai", *arguments])


def test_models_are_a_table_with_the_one_that_serves_marked(ai: AiService) -> None:
    result = run("models")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.endswith("serving") for line in (line.rstrip() for line in lines) if "mdl_" in line] == [True, False]
    assert "21.8 %" in result.stdout


def test_models_as_json(ai: AiService) -> None:
    found = json.loads(run("models", "--json").stdout)["models"]
    assert found[0]["metrics"]["chain"]["wmape"] == 0.218


def test_a_training_is_followed_and_recorded(ai: AiService) -> None:
    result = run("train", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["model"]["id"] == "mdl_3"
    [(action, kind, subject, after)] = ai.recorded  # type: ignore[attr-defined]
    assert (action, kind, subject, after["serves"]) == ("model.trained", "model", "mdl_3", True)
    assert "It serves now" in run("train").stdout


def test_a_model_that_is_held_back_is_not_said_to_serve(ai: AiService) -> None:
    ai.held_back = "its forecast error is 41.0 %, that of the model that serves 30.0 %"
    result = run("train")
    assert result.exit_code == 0
    told = " ".join(result.stdout.split())
    assert "It serves now" not in told
    assert "does not serve: its forecast error is 41.0 %" in told
    assert "tradeai ai promote mdl_3" in told
    [(_action, _kind, _subject, after)] = ai.recorded  # type: ignore[attr-defined]
    assert (after["serves"], after["held_back"]) == (False, ai.held_back)
    assert ai.emitted[-1][1]["serves"] is False  # type: ignore[attr-defined]


def test_a_training_that_fails_says_why_and_ends_with_one(ai: AiService) -> None:
    ai.fails = "no product can be modelled yet"
    result = run("train")
    assert result.exit_code == 1
    assert "no product can be modelled yet" in result.stderr


def test_evaluating_prints_what_was_measured_at_training_and_on_hidden_weeks(ai: AiService) -> None:
    result = run("evaluate")
    assert result.exit_code == 0
    assert len(ai.questions("POST /v1/evaluate")) == 1
    assert ai.recorded == [("model.evaluate", "models", "pos", {"model": "mdl_2"})]  # type: ignore[attr-defined]
    for text in (
        "Measured at training of mdl_2",
        "chain and week",
        "Hold-out: a model that ended before",
        "8 weeks ahead",
        "31.2 %",
    ):
        assert text in result.stdout


def test_the_newest_evaluation_is_printed_without_running_one(ai: AiService) -> None:
    found = json.loads(run("evaluate", "--kept", "--json").stdout)
    assert ai.questions("POST /v1/evaluate") == []
    assert ai.recorded == []  # type: ignore[attr-defined]
    assert found["evaluation"]["all"]["coverage80"] == 0.8


def test_without_a_model_it_says_what_to_do(ai: AiService) -> None:
    ai.models = []
    assert "tradeai ai train" in run("evaluate").stderr
    assert "tradeai ai train" in run("models").stdout


def test_the_service_away(ai: AiService) -> None:
    ai.down = True
    result = run("models")
    assert result.exit_code == 1
    assert "does not answer" in result.stderr


def test_a_roll_back(ai: AiService) -> None:
    assert "mdl_1 serves now" in run("promote", "mdl_1").stdout
    assert run("promote", "mdl_9").exit_code == 1
