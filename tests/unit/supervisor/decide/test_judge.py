"""Who hangs is restarted; who only lost an answer, waits for another, or was stopped by a person is not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.supervisor.actions import Action, Restart, Start
from app.supervisor.decide.judge import MISSES, PATIENCE
from app.supervisor.events import ActionDone, Ask, HostSampled, Seen, Signalled, Started
from app.supervisor.state import Container, HostState, Phase, ServiceState, State
from tests.unit.supervisor.world import BEGIN, KEPT, World

HOST = HostState(
    cpu=0.1,
    cpu_count=2,
    load=(0.1, 0.1, 0.1),
    memory_total=8_000,
    memory_available=4_000,
    swap_total=0,
    swap_used=0,
    disk_total=10_000,
    disk_free=5_000,
    inodes_total=1_000,
    inodes_free=900,
    booted_at=BEGIN,
)


def test_a_hang_is_seen_after_three_missed_probes_and_ended_by_a_restart() -> None:
    world = World().healthy()
    world.bodies["backend"].hangs = True
    world.advance(MISSES - 1)
    assert world.phase("backend") is Phase.HEALTHY
    world.advance(1)
    assert world.phase("backend") is Phase.FAILED
    assert "hangs" in str(world["backend"].reason)
    world.advance(8)
    assert world.actions_on("backend") == [Restart("backend", KEPT["backend"].stop_seconds)]
    assert world.all_healthy()


def test_one_or_two_lost_answers_are_nothing() -> None:
    world = World().healthy()
    for _time in range(20):
        world.bodies["redis"].misses_next = MISSES - 1
        world.advance(MISSES + 1)
    assert world.done == []
    assert world.all_healthy()


def test_a_long_start_is_not_a_hang() -> None:
    world = World()
    world.bodies["mongodb"].boots_in = KEPT["mongodb"].start_seconds - 10  # it recovers its journal
    world.boot().advance(KEPT["mongodb"].start_seconds - 15)
    assert world.actions_on("mongodb") == [Start("mongodb")]
    world.advance(60)
    assert world.all_healthy()
    assert world.actions_on("mongodb") == [Start("mongodb")]


@pytest.mark.parametrize("name", ["backend", "redis", "mongodb"])
def test_a_start_that_never_ends_is_a_failure(name: str) -> None:
    """A database too, when it does nothing."""
    world = World()
    world.bodies[name].boots_in, world.bodies[name].works = 10**6, False
    world.boot().advance(KEPT[name].start_seconds + 20)
    assert world.actions_on(name) == [Start(name), Restart(name, KEPT[name].stop_seconds)]


def test_on_a_busy_host_a_start_may_take_longer() -> None:
    world = World()
    world.bodies["redis"].boots_in = KEPT["redis"].start_seconds * 2
    world.boot()
    for _time in range(int(KEPT["redis"].start_seconds * 2 / 10) + 1):
        world.tell(HostSampled(replace(HOST, cpu=1.0)))
        world.advance(10)
    assert world.phase("redis") is Phase.HEALTHY
    assert world.actions_on("redis") == [Start("redis")]


def test_a_supervisor_that_comes_back_asks_before_it_judges() -> None:
    """Everything has run for hours, and nothing was asked yet: that is no reason to restart the appliance."""
    world = World()
    for body in world.bodies.values():
        body.status, body.exit_code = "running", None
    world.boot()
    assert {service.phase for service in world.state.services.values()} == {Phase.STARTING}
    for body in world.bodies.values():
        body.misses_next = 1
    world.advance(5)
    assert world.done == []
    assert world.all_healthy()


def test_what_was_found_well_has_been_so_since_it_runs_and_is_no_news() -> None:
    world = World().healthy()
    began = {name: service.since for name, service in world.state.services.items()}
    assert began["redis"] == world.bodies["redis"].started
    world.supervisor_restarts()
    world.advance(5)
    assert {name: service.since for name, service in world.state.services.items()} == began
    assert world.notes == []


@pytest.mark.parametrize("remembered", [None, "another container"])
def test_answers_from_before_docker_was_asked_count(remembered: str | None) -> None:
    services = {name: ServiceState(name, remembered_id=remembered) for name in KEPT}
    world = World(state=State(services=services), docker=False)
    for body in world.bodies.values():
        body.status, body.exit_code = "running", None
    world.docker_goes()
    world.advance(3)
    assert world.all_healthy()
    world.docker_comes()
    assert world.all_healthy()


def test_a_service_that_says_it_is_not_well_gets_a_minute() -> None:
    world = World().healthy()
    world.bodies["ai"].unready = True
    world.advance(PATIENCE.total_seconds() - 5)
    assert world.phase("ai") is Phase.DEGRADED
    assert world.done == []
    world.advance(10)
    assert world.actions_on("ai") == [Restart("ai", KEPT["ai"].stop_seconds)]


@pytest.mark.parametrize(
    "host",
    [replace(HOST, disk_free=50), replace(HOST, inodes_free=5), replace(HOST, memory_available=100)],
    ids=["disk", "inodes", "memory"],
)
def test_on_an_exhausted_host_silence_is_the_hosts_fault(host: HostState) -> None:
    world = World().healthy()
    world.tell(HostSampled(host))
    world.bodies["backend"].hangs = True
    world.advance(120)
    assert world.phase("backend") is Phase.DEGRADED
    assert world["backend"].blamed_on == "host"
    assert world.done == []
    world.tell(HostSampled(HOST))
    world.advance(10)
    assert len(world.actions_on("backend")) == 1


@pytest.mark.parametrize("busy", [replace(HOST, cpu=1.0), replace(HOST, lag=2.0)], ids=["processors", "own timer"])
def test_on_a_busy_host_silence_counts_as_a_hang_only_after_a_minute(busy: HostState) -> None:
    world = World().healthy()
    world.bodies["backend"].hangs = True
    for _time in range(int(PATIENCE.total_seconds() / 10)):
        world.tell(HostSampled(busy))
        world.tell(HostSampled(HOST))  # a short calm changes nothing
        world.advance(9)
    assert world.phase("backend") is Phase.DEGRADED
    assert world["backend"].blamed_on == "host"
    world.tell(HostSampled(busy))
    world.advance(12)
    assert len(world.actions_on("backend")) == 1


def test_a_crash_is_healed_on_an_exhausted_host_too() -> None:
    world = World().healthy()
    world.tell(HostSampled(replace(HOST, memory_available=100)))
    world.crash("redis", 137, out_of_memory=True)
    assert "memory limit" in str(world["redis"].reason)
    world.advance(6)
    assert world.all_healthy()


def test_what_a_person_stopped_stays_stopped() -> None:
    world = World().healthy()
    world.stop_by_hand("worker")
    world.advance(200)
    assert world.phase("worker") is Phase.STOPPED
    assert world.done == []
    world.start_by_hand("worker")
    world.advance(5)
    assert world.all_healthy()


def test_a_restart_by_hand_is_not_interfered_with() -> None:
    world = World().healthy()
    world.restart_by_hand("redis")
    world.advance(10)
    assert world.done == []
    assert world.all_healthy()
    assert world["redis"].restarts == 0


def test_a_stop_by_hand_holds_over_a_restart_of_the_supervisor() -> None:
    world = World().healthy()
    world.stop_by_hand("worker")
    world.supervisor_restarts()
    world.advance(60)
    assert world.phase("worker") is Phase.STOPPED
    assert world.done == []


def test_a_polite_signal_without_a_stop_is_a_crash() -> None:
    """`docker kill --signal TERM`, or a process that somebody asked to end from inside: nobody meant it to stay down."""
    world = World().healthy()
    world.tell(Signalled("ai", world.bodies["ai"].id, world.now, 15))
    world.crash("ai", 143)
    assert world.phase("ai") is Phase.STOPPED
    world.advance(10)
    assert world.actions_on("ai") == [Start("ai")]
    assert world.all_healthy()


def test_a_removed_container_is_not_fought_over() -> None:
    world = World().healthy()
    world.stop_by_hand("ai")
    world.tell(Seen("ai", None, world.now))
    world.advance(60)
    assert world.phase("ai") is Phase.STOPPED
    assert "docker compose up" in str(world["ai"].reason)
    assert world.done == []


def test_a_paused_container_is_left_alone() -> None:
    world = World().healthy()
    world.bodies["ai"].status = "paused"
    world.tell(Seen("ai", Container("ai-1", "paused"), world.now))
    world.advance(120)
    assert world.phase("ai") is Phase.STOPPED
    assert world.done == []


def test_an_old_look_does_not_bring_a_dead_container_back() -> None:
    world = World().healthy()
    looked_at = world.now
    world.now += timedelta(seconds=1)
    world.crash("redis")
    world.tell(Seen("redis", Container("redis-1", "running"), looked_at))
    assert world.phase("redis") is Phase.FAILED


def test_late_news_of_a_start_that_was_seen_already_is_no_second_start() -> None:
    world = World().healthy()
    world.crash("redis")
    body = world.bodies["redis"]
    body.status, body.exit_code, body.started, body.boots_in = "running", None, world.now, 0
    world.now += timedelta(seconds=1)
    world.look("redis")
    world.advance(1)
    world.tell(Started("redis", body.id, world.now))
    assert world.phase("redis") is Phase.HEALTHY


def test_a_lost_event_is_made_up_for_by_looking() -> None:
    world = World().healthy()
    body = world.bodies["redis"]
    body.status, body.exit_code = "exited", 1  # nobody told
    world.look("redis")
    world.advance(6)
    assert world.actions_on("redis") == [Start("redis")]


def test_a_service_made_by_compose_after_the_supervisor_started_is_taken_in() -> None:
    world = World().healthy()
    world.tell(Seen("ai", None, world.now))
    world.now += timedelta(seconds=1)
    world.tell(Started("ai", "ai-2", world.now))
    world.bodies["ai"].id = "ai-2"
    world.bodies["ai"].started = world.now
    world.advance(5)
    assert world.all_healthy()


def test_an_operator_restarts_stops_and_starts_from_the_page() -> None:
    world = World().healthy()
    world.ask("redis", Ask.RESTART)
    world.advance(5)
    assert world.all_healthy()
    world.ask("redis", Ask.STOP)
    world.advance(30)
    assert world.phase("redis") is Phase.STOPPED
    world.ask("redis", Ask.START)
    world.advance(5)
    assert world.all_healthy()
    assert world["redis"].restarts == 0
    assert "operator asked to stop redis" in world.notes


def test_a_service_that_takes_its_time_to_stop_is_not_restarted() -> None:
    """gunicorn closes its door at once and ends when the last connection does; the stop must win."""
    world = World().healthy()
    world.tell(Signalled("backend", world.bodies["backend"].id, world.now, 15))
    world.bodies["backend"].hangs = True
    world.advance(20)
    assert world.phase("backend") is Phase.STOPPED
    world.stop_by_hand("backend")
    world.advance(30)
    assert world.phase("backend") is Phase.STOPPED
    assert not world.actions_on("backend")


def test_a_service_that_never_obeys_its_signal_is_judged_as_usual_in_the_end() -> None:
    world = World().healthy()
    world.tell(Signalled("ai", world.bodies["ai"].id, world.now, 15))
    world.bodies["ai"].hangs = True
    world.advance(120)
    assert world.actions_on("ai")


def test_what_was_restarted_is_well_from_its_first_answer_even_when_docker_never_tells_of_its_start() -> None:
    class Deaf(World):
        def _carry_out(self, action: Action) -> None:
            if not isinstance(action, Start):
                super()._carry_out(action)
                return
            self.now += timedelta(seconds=1)
            self.bodies[action.service].status, self.bodies[action.service].started = "running", self.now
            self.tell(ActionDone(action.service, ok=True))

    world = Deaf().healthy()
    world.kill("redis")
    world.advance(10)
    healed_at = max(at for at, name, phase in world.history if (name, phase) == ("redis", Phase.HEALTHY))
    assert world["redis"].since == healed_at
    assert "redis is healthy" in world.notes


def test_a_sample_that_does_not_come_means_a_busy_host_for_a_while() -> None:
    """Our own thread waits for a processor then; without this everything silent on such a machine was restarted at once."""
    world = World().healthy()
    world.tell(HostSampled(HOST))
    world.advance(10)
    world.bodies["backend"].hangs = True
    world.advance(50)
    assert world.phase("backend") is Phase.DEGRADED
    assert world["backend"].blamed_on == "host"
    assert world.done == []
    world.advance(15)
    assert len(world.actions_on("backend")) == 1
