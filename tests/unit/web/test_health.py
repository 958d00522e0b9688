"""The backend says within its time what is down, also while packets to it vanish and a question hangs for minutes."""

import threading
import time

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from pymongo.errors import ServerSelectionTimeoutError

from app.web import health


@pytest.fixture
def pings(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """Both answer at once, unless a test puts something else here."""
    made: dict[str, object] = {"database": lambda: None, "redis": lambda: None}
    monkeypatch.setattr(health, "_PINGS", made)
    monkeypatch.setattr(health, "_PATIENCE", 0.1)
    monkeypatch.setattr(health, "_under_way", {})
    return made


@pytest.fixture
def browser(pings: dict[str, object]) -> FlaskClient:
    app = APIFlask(__name__)
    app.register_blueprint(health.blueprint)
    return app.test_client()


def test_all_is_well(browser: FlaskClient) -> None:
    answer = browser.get("/health")
    assert (answer.status_code, answer.json["status"]) == (200, "ok")
    assert answer.json["checks"]["database"]["milliseconds"] >= 0


def test_what_refuses_is_named(browser: FlaskClient, pings: dict[str, object]) -> None:
    def ping() -> None:
        raise ServerSelectionTimeoutError("nobody there")

    pings["database"] = ping
    answer = browser.get("/health")
    assert (answer.status_code, answer.json["down"]) == (503, ["database"])
    assert answer.json["checks"]["database"]["detail"] == "MongoDB does not answer: ServerSelectionTimeoutError"


def test_what_hangs_is_named_in_time_and_not_asked_again_meanwhile(browser: FlaskClient, pings: dict[str, object]) -> None:
    over, asked = threading.Event(), list[float]()

    def ping() -> None:
        asked.append(time.monotonic())
        over.wait(30)

    pings["redis"] = ping
    answers = [browser.get("/health") for _time in range(3)]
    assert [answer.json["down"] for answer in answers] == [["redis"]] * 3
    assert "gave no answer" in answers[0].json["checks"]["redis"]["detail"]
    assert len(asked) == 1
    over.set()
    pings["redis"] = lambda: None
    deadline = time.monotonic() + 10
    while browser.get("/api/v1/health/redis").status_code != 200:
        assert time.monotonic() < deadline, "it stays down although it answers again"
