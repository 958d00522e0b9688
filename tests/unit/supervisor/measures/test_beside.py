"""Containers beside the stages: one that died, hangs or is gone shows after two looks, and is forgiven at once."""

from typing import Any

import pytest

from app.supervisor.engine import EngineSilent
from app.supervisor.events import Measured
from app.supervisor.health import health, http_status
from app.supervisor.measures.beside import Beside
from tests.unit.supervisor.world import World


class Docker:
    """Both run, until a test says otherwise; `silent` when Docker does not answer."""

    def __init__(self) -> None:
        self.states: dict[str, dict[str, Any] | None] = {name: well() for name in ("backup", "drill")}
        self.silent = False
        self.figures = Beside(self.describe)

    def describe(self, service: str) -> dict[str, Any] | None:
        if self.silent:
            raise EngineSilent("the proxy is away")
        state = self.states[service]
        return None if state is None else {"State": state}

    def look(self) -> dict[str, Measured]:
        return {measured.subject: measured for measured in self.figures.read()}


def well() -> dict[str, Any]:
    return {"Status": "running", "ExitCode": 0, "Health": {"Status": "healthy"}}


@pytest.fixture
def docker() -> Docker:
    return Docker()


def test_both_are_well(docker: Docker) -> None:
    assert {name: measured.value for name, measured in docker.look().items()} == {"backup": 0, "drill": 0}


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (None, "no such container"),
        ({"Status": "exited", "ExitCode": 137}, "exit code 137"),
        ({"Status": "paused", "Health": {"Status": "healthy"}}, "paused"),
        ({"Status": "running", "Health": {"Status": "unhealthy"}}, "heartbeat"),
    ],
)
def test_what_is_wrong_is_said_at_the_second_look_and_forgiven_at_the_first(
    docker: Docker, state: dict[str, Any] | None, word: str
) -> None:
    docker.states["backup"] = state
    assert "backup" not in docker.look(), "a container that is being replaced is away for a moment"
    seen = docker.look()
    assert (seen["backup"].value, seen["drill"].value) == (1, 0)
    assert word in seen["backup"].detail
    docker.states["backup"] = well()
    assert docker.look()["backup"].value == 0


def test_one_that_has_yet_to_begin_and_one_without_a_health_check_are_well(docker: Docker) -> None:
    docker.states = {"backup": {"Status": "running", "Health": {"Status": "starting"}}, "drill": {"Status": "running"}}
    docker.look()
    assert {measured.value for measured in docker.look().values()} == {0}


def test_without_docker_nothing_is_said_of_them(docker: Docker) -> None:
    docker.silent = True
    with pytest.raises(OSError, match="the proxy is away"):
        docker.look()


def test_the_health_document_shows_them_and_takes_nobody_out_of_service() -> None:
    world = World().healthy()
    assert health(world.state, world.now, "1")["services"]["backup"]["status"] == "unknown"
    world.tell(Measured("beside_down", 0, "backup"))
    world.tell(Measured("beside_down", 1, "drill", "it is paused"))
    document = health(world.state, world.now, "1")
    assert document["services"]["backup"] == {"status": "healthy", "stage": 0}
    assert document["services"]["drill"] == {"status": "failed", "stage": 0, "reason": "it is paused"}
    assert (document["status"], document["summary"], http_status(document)) == ("degraded", "Not healthy: drill", 200)
    world.advance(301)
    assert health(world.state, world.now, "1")["status"] == "ok", "what nobody renews says nothing"
