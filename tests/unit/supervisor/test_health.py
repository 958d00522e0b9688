"""The health document says what is down, whose fault it is, and nothing more."""

import json
from datetime import timedelta

from app.supervisor.health import health, http_status, readiness
from app.supervisor.services import Kept, ProbeKind
from app.supervisor.state import DockerState, Phase, ServiceState, State
from tests.unit.supervisor.world import BEGIN, World


def _document(world: World, stuck: bool = False) -> dict[str, object]:
    return health(world.state, world.now, "1.2.3", stuck)


def test_all_is_well() -> None:
    document = _document(World().healthy())
    assert (document["status"], document["summary"], document["down"]) == ("ok", "All 7 services are healthy", [])
    assert http_status(document) == 200
    redis = document["services"]["redis"]  # type: ignore[index]
    assert redis["status"] == "healthy"
    assert redis["since"] == "2026-03-02T07:00:00.000Z"
    assert redis["latency_ms"] == 3.0
    json.dumps(document)


def test_the_root_is_named_before_those_who_depend_on_it() -> None:
    world = World().healthy()
    world.bodies["mongodb"].dies_after = 1
    world.crash("mongodb")
    world.advance(2)
    document = _document(world)
    assert http_status(document) == 503
    assert document["summary"] == "Down: mongodb, and 4 more that depend on it"
    assert document["down"] == ["mongodb", "backend", "worker", "ai", "nginx"]
    assert document["services"]["backend"]["blamed_on"] == "mongodb"  # type: ignore[index]
    assert document["services"]["mongodb"]["latency_ms"] is None  # type: ignore[index]


def test_a_service_that_is_not_core_leaves_the_rest_in_service() -> None:
    extra = Kept("extra", 2, ProbeKind.HTTP, core=False)
    state = State(
        services={"extra": ServiceState("extra", phase=Phase.FAILED, since=BEGIN)}, kept=(extra,), docker=DockerState(True, BEGIN)
    )
    document = health(state, BEGIN, "1")
    assert (document["status"], http_status(document)) == ("degraded", 200)


def test_docker_away_is_said_while_everything_still_answers() -> None:
    world = World().healthy()
    world.docker_goes()
    world.advance(5)
    document = _document(world)
    assert (document["status"], http_status(document)) == ("degraded", 200)
    assert document["services"]["dockerproxy"]["status"] == "failed"  # type: ignore[index]
    assert "Docker" in str(document["summary"])


def test_a_stuck_supervisor_is_down_whatever_it_last_knew() -> None:
    document = _document(World().healthy(), stuck=True)
    assert http_status(document) == 503
    assert "stuck" in str(document["summary"])


def test_readiness_names_what_is_missing() -> None:
    world = World().healthy()
    assert not any(readiness(world.state, stuck=False, trouble="").values())
    assert readiness(world.state, stuck=True, trouble="disk full")["loop"]
    assert readiness(world.state, stuck=False, trouble="disk full")["state"]
    assert readiness(State(), stuck=False, trouble="")["docker"]
    assert readiness(State(), stuck=False, trouble="")["seen"]


def test_since_does_not_move_while_the_state_stays() -> None:
    world = World().healthy()
    before = world["redis"].since
    world.now += timedelta(hours=1)
    world.advance(10)
    assert world["redis"].since == before
