"""A lease is held for as long as its block runs, refused with the reason, and never outlives a holder that died."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.core.errors import TradeError
from app.supervisor.events import Ask, Asked, Tick
from app.supervisor.leases import LeaseConflict, LeaseLost, LeaseRefused, hold, release, take
from app.supervisor.loop import Loop
from app.supervisor.state import Phase
from app.supervisor.store import StateFile
from tests.unit.supervisor.test_loop import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A loop that turns."""
    made, stopping = Bench(tmp_path).healthy(), threading.Event()
    turning = threading.Thread(target=made.loop.run, args=(stopping,))
    turning.start()
    yield made
    stopping.set()
    made.loop.put(Tick())  # it need not wait for its own
    turning.join(5)


def _phase(bench: Bench, name: str) -> Phase:
    return bench.loop.state.services[name].phase


def test_the_lease_holds_in_the_block_and_no_longer(bench: Bench) -> None:
    with hold(bench.loop, "backup", ["mongodb", "redis"], 60, "a copy of all data") as held:
        assert _phase(bench, "mongodb") is Phase.MAINTENANCE
        assert not held.lost
        held.check()
    assert _phase(bench, "mongodb") is Phase.HEALTHY
    assert held.lost


def test_it_ends_with_the_block_also_when_that_fails(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError), hold(bench.loop, "backup", [], 60, "a copy of all data"):
        raise ZeroDivisionError
    assert bench.loop.state.leases == {}


def test_the_holder_may_stop_and_start_its_services_and_nobody_else(bench: Bench) -> None:
    with hold(bench.loop, "restore", ["redis"], 60, "a restore") as held:
        assert "does not cover it" in str(held.ask("mongodb", Ask.STOP))
        assert "supervisor works on it" in str(bench.loop.ask(Asked("redis", Ask.STOP, "operator")))
        assert held.ask("redis", Ask.STOP) is None
        assert bench.loop.wait_for_state(lambda _state: ("stop", "redis") in bench.hands.done, 5)


def test_a_second_lease_on_the_same_service_says_who_why_and_until_when(bench: Bench) -> None:
    lease = take(bench.loop, "restore", ["redis"], 60, "the backup room", "yesterday's data comes back")
    with pytest.raises(LeaseConflict, match=r"the backup room works on redis until .* yesterday's data comes back"):
        take(bench.loop, "update", [], 60, "deploy.sh", "a new version")
    assert release(bench.loop, lease, "operator")
    take(bench.loop, "update", [], 60, "deploy.sh", "a new version")


def test_an_operator_who_ends_it_is_noticed_by_the_holder(bench: Bench) -> None:
    with hold(bench.loop, "restore", ["redis"], 60, "a restore") as held:
        release(bench.loop, held.lease, "operator")
        with pytest.raises(LeaseLost, match="ended before"):
            held.check()


def test_the_holder_extends_it_while_it_works(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.supervisor.leases.SHORTEST", 0.03)
    with hold(bench.loop, "restore", ["redis"], 0.03, "a restore") as held:
        first = held.lease.until
        bench.clock.advance(0.02)
        assert bench.loop.wait_for_state(lambda state: state.leases["restore"].until > first, 5)


def test_a_dead_holders_lease_outlives_the_process_but_not_its_time(bench: Bench, tmp_path: Path) -> None:
    lease = take(bench.loop, "restore", ["redis"], 60, "the backup room", "a restore")
    again = Loop(bench.clock, bench.hands, StateFile(tmp_path, "boot"))
    assert again.state.leases == {"restore": lease}


def test_a_clock_set_back_does_not_stretch_a_stored_lease(tmp_path: Path, bench: Bench) -> None:
    lease = take(bench.loop, "restore", ["redis"], 60, "the backup room", "a restore")
    long_before = bench.clock.now() - timedelta(days=400)
    kept = StateFile(tmp_path, "boot").leases(long_before)["restore"]
    assert kept.until == long_before + timedelta(seconds=60)
    assert kept.taken_at == lease.taken_at


@pytest.mark.parametrize(
    ("name", "services", "seconds", "holder", "why", "says"),
    [
        ("", ["redis"], 60, "me", "because", "does not fit"),
        ("../x", ["redis"], 60, "me", "because", "does not fit"),
        ("x" * 65, ["redis"], 60, "me", "because", "does not fit"),
        ("x", ["nothing"], 60, "me", "because", "no service 'nothing'"),
        ("x", ["redis"], 0, "me", "because", "from 10 to 86400 seconds"),
        ("x", ["redis"], -5, "me", "because", "from 10 to 86400 seconds"),
        ("x", ["redis"], 1e9, "me", "because", "from 10 to 86400 seconds"),
        ("x", ["redis"], float("nan"), "me", "because", "from 10 to 86400 seconds"),
        ("x", ["redis"], 60, " ", "because", "who holds it"),
        ("x", ["redis"], 60, "me", "", "who holds it"),
    ],
)
def test_what_makes_no_sense_is_refused(
    bench: Bench, name: str, services: list[str], seconds: float, holder: str, why: str, says: str
) -> None:
    with pytest.raises(LeaseRefused, match=says):
        take(bench.loop, name, services, seconds, holder, why)
    assert bench.loop.state.leases == {}


def test_a_loop_that_does_not_turn_gives_no_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.supervisor.leases._SETTLES_SECONDS", 0.01)
    still = Bench(tmp_path).healthy()
    with pytest.raises(TradeError, match="too busy"):
        take(still.loop, "restore", ["redis"], 60, "me", "because")
