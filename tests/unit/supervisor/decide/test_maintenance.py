"""A lease keeps the supervisor's hands off its services, and whatever becomes of its holder, it ends and all is judged anew."""

from datetime import timedelta

from app.supervisor.actions import Note, Start, Stop
from app.supervisor.decide import decide
from app.supervisor.decide.maintenance import conflict
from app.supervisor.events import Ask, Tick
from app.supervisor.state import Phase
from tests.unit.supervisor.world import KEPT, World


def test_a_service_under_a_lease_is_not_healed_until_it_is_released() -> None:
    world = World().healthy()
    lease = world.take("restore", "redis")
    world.kill("redis")
    world.advance(40)
    assert world.actions_on("redis") == []
    assert world.phase("redis") is Phase.MAINTENANCE
    world.release(lease)
    world.advance(10)
    assert world.all_healthy()
    assert world["redis"].attempts == ()


def test_a_healthy_service_stays_so_in_all_eyes_but_its_phase() -> None:
    world = World().healthy()
    lease = world.take("backup", "mongodb")
    world.advance(20)
    assert world.phases() == {**dict.fromkeys(KEPT, "healthy"), "mongodb": "maintenance"}
    world.release(lease)
    assert world.all_healthy()
    assert world.notes == ["maintenance backup of mongodb by backup: a test", "maintenance backup is over, says operator"]


def test_those_who_use_it_are_still_healed_while_it_answers() -> None:
    world = World().healthy()
    world.take("backup", "mongodb")
    world.kill("backend")
    world.advance(20)
    assert world.phase("backend") is Phase.HEALTHY


def test_those_who_need_what_is_away_wait_and_are_not_blamed() -> None:
    world = World().healthy()
    lease = world.take("restore", "mongodb", seconds=600)
    world.ask("mongodb", Ask.STOP, lease="restore")
    world.advance(120)
    assert world.phase("backend") is Phase.DEGRADED
    assert world["backend"].blamed_on == "mongodb"
    assert world.actions_on("backend") == []
    world.release(lease)
    world.advance(15)
    assert world.all_healthy()


def test_a_crashed_holders_lease_runs_out_and_what_it_stopped_comes_back_in_order() -> None:
    world = World().healthy()
    world.take("restore", seconds=60)
    for name in KEPT:
        world.ask(name, Ask.STOP, lease="restore")
    world.advance(59)
    assert world.started() == []
    world.advance(40)
    assert world.all_healthy(), world.phases()
    stages = [KEPT[name].stage for name in world.started()]
    assert stages == sorted(stages)
    assert any("did not extend it" in note for note in world.notes)


def test_a_holder_who_lives_keeps_it_by_extending() -> None:
    world = World().healthy()
    lease = world.take("restore", "redis", seconds=30)
    for _time in range(5):
        world.advance(20)
        world.extend(lease, 30)
    assert world.phase("redis") is Phase.MAINTENANCE
    world.advance(31)
    assert world.phase("redis") is Phase.HEALTHY


def test_it_survives_the_supervisor_and_then_runs_out() -> None:
    world = World().healthy()
    world.take("restore", "redis", seconds=60)
    world.ask("redis", Ask.STOP, lease="restore")
    world.supervisor_restarts()
    world.advance(30)
    assert world.phase("redis") is Phase.MAINTENANCE
    world.advance(60)
    assert world.all_healthy()


def test_what_was_stopped_by_hand_before_stays_stopped_after() -> None:
    world = World().healthy()
    world.stop_by_hand("ai")
    world.advance(5)
    lease = world.take("update")
    world.advance(5)
    assert world.phase("ai") is Phase.MAINTENANCE
    world.release(lease)
    world.advance(20)
    assert world.phase("ai") is Phase.STOPPED


def test_a_quarantine_outlasts_maintenance() -> None:
    world = World().healthy()
    world.bodies["ai"].dies_after = 1
    world.advance(120)
    assert world.phase("ai") is Phase.QUARANTINED
    world.release(world.take("update"))
    world.advance(20)
    assert world.phase("ai") is Phase.QUARANTINED


def test_what_hangs_when_it_ends_gets_the_time_of_a_start_and_is_then_restarted() -> None:
    world = World().healthy()
    lease = world.take("update", "ai")
    world.bodies["ai"].hangs = True
    world.advance(50)
    world.release(lease)
    assert world.phase("ai") is Phase.STARTING
    world.advance(15)
    assert world.phase("ai") is Phase.HEALTHY
    assert len(world.actions_on("ai")) == 1


def test_two_leases_never_cover_one_service() -> None:
    world = World().healthy()
    first = world.take("restore", "mongodb", "redis")
    second = world.take("update", "redis", "ai", holder="deploy.sh")
    assert list(world.state.leases) == ["restore"]
    assert conflict(world.state, second) == first
    third = world.take("update", "ai", holder="deploy.sh")
    assert world.state.lease_over("ai") == third


def test_another_holder_cannot_take_a_name_that_is_in_use() -> None:
    world = World().healthy()
    world.take("restore", "mongodb")
    world.take("restore", "ai", holder="somebody else")
    assert world.state.lease_over("ai") is None


def test_a_holder_who_came_back_goes_on_and_the_old_hold_is_void() -> None:
    world = World().healthy()
    old = world.take("restore", "mongodb", "ai", seconds=60)
    world.ask("mongodb", Ask.STOP, lease="restore")
    world.ask("ai", Ask.STOP, lease="restore")
    world.advance(30)
    new = world.take("restore", "mongodb", seconds=60)
    world.release(old)
    world.extend(old, 3600)
    assert world.state.leases["restore"].taken_at == old.taken_at
    assert world.state.leases["restore"].until == world.now + timedelta(seconds=60)
    world.release(new)
    world.advance(20)
    assert world.all_healthy()


def test_only_the_lease_itself_may_stop_and_start() -> None:
    world = World().healthy()
    world.take("restore", "redis")
    world.ask("redis", Ask.STOP)
    world.ask("redis", Ask.STOP, lease="another")
    assert world.done == []
    world.ask("redis", Ask.STOP, lease="restore")
    world.ask("redis", Ask.START, lease="restore")
    assert [type(action) for action in world.actions_on("redis")] == [Stop, Start]


def test_what_answers_is_of_use_also_while_docker_never_spoke() -> None:
    world = World()
    for body in world.bodies.values():
        body.status = "running"
    world.docker_goes()
    world.advance(5)
    world.take("backup", "mongodb")
    world.advance(2)
    assert world.phase("mongodb") is Phase.MAINTENANCE
    assert world.state.of_use("mongodb")


def test_a_lease_over_nothing_or_the_unknown_is_none() -> None:
    world = World().healthy()
    world.take("odd", "nothing")
    assert world.state.leases == {}


def test_the_planned_end_of_a_maintenance_is_no_bad_news_but_a_holder_who_died_is() -> None:
    for renewed in (False, True):
        world = World().healthy()
        lease = world.take("work", "ai", seconds=60)
        if renewed:
            world.advance(30)
            world.extend(lease, 60)
        state, actions = decide(world.state, Tick(), world.now + timedelta(seconds=120))
        assert state.leases == {}
        assert [action.bad for action in actions if isinstance(action, Note) and "is over" in str(action.text)] == [renewed]
