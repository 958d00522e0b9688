"""Docker's words become ours: containers, errors, and the names of this project only."""

from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from docker.errors import APIError

from app.supervisor.engine import EVENTS, Engine, EngineRefused, EngineSilent
from app.supervisor.sources import LOOK_AFTER

INSPECTED = {
    "Id": "c1",
    "Created": "2026-03-02T07:00:00.123456789Z",
    "State": {"Status": "exited", "ExitCode": 137, "OOMKilled": True, "StartedAt": "0001-01-01T00:00:00Z"},
}


class Api:
    """Answers as the Docker client would, or raises."""

    def __init__(self, answer: Any) -> None:
        self.answer, self.asked = answer, list[Any]()

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            self.asked.append((name, *arguments, options))
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        return call


def _engine(answer: Any) -> tuple[Engine, Api]:
    engine, api = Engine("tcp://nowhere:2375", "tradeai"), Api(answer)
    engine._api = api  # type: ignore[assignment]
    return engine, api


def _error(status: int) -> APIError:
    response = requests.Response()
    response.status_code = status
    return APIError("said no", response=response, explanation="said no")


def test_a_container_as_docker_describes_it() -> None:
    engine, api = _engine(INSPECTED)
    container = engine.inspect("redis")
    assert container is not None
    assert (container.status, container.exit_code, container.oom_killed, container.started_at) == ("exited", 137, True, None)
    assert container.created_at == datetime(2026, 3, 2, 7, 0, 0, 123456, tzinfo=UTC)
    assert api.asked == [("inspect_container", "tradeai-redis-1", {})]


def test_only_events_that_change_something_are_asked_for() -> None:
    class Stream(list[Any]):
        def close(self) -> None:
            self.clear()

    engine, api = _engine(Stream())
    with engine.events(since=None) as stream:
        assert list(stream) == []
    (_name, options) = api.asked[0]
    assert options["filters"]["event"] == list(EVENTS)
    assert LOOK_AFTER | {"start", "kill", "oom", "die", "stop"} == set(EVENTS)


def test_no_container_is_none_and_not_an_error() -> None:
    assert _engine(_error(404))[0].inspect("redis") is None


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_without_docker_behind_it_is_silence(status: int) -> None:
    with pytest.raises(EngineSilent):
        _engine(_error(status))[0].start("redis")


@pytest.mark.parametrize("status", [403, 409, 500])
def test_a_no_of_docker_is_a_refusal(status: int) -> None:
    with pytest.raises(EngineRefused, match="said no"):
        _engine(_error(status))[0].start("redis")


@pytest.mark.parametrize("error", [requests.ConnectionError("refused"), requests.ReadTimeout("slow")])
def test_a_broken_connection_is_silence(error: Exception) -> None:
    with pytest.raises(EngineSilent):
        _engine(error)[0].restart("redis", 10)


def test_a_docker_that_is_not_there_is_silence() -> None:
    with pytest.raises(EngineSilent):
        Engine("tcp://127.0.0.1:1", "tradeai").inspect("redis")


@pytest.mark.parametrize(
    ("name", "service"),
    [("tradeai-redis-1", "redis"), ("tradeai-redis-2", None), ("other-redis-1", None), ("0a1b2c_tradeai-redis-1", None)],
)
def test_only_this_projects_containers_have_a_service(name: str, service: str | None) -> None:
    assert Engine("tcp://x:1", "tradeai").service_of(name) == service
