"""A restore is conducted in order, and whatever fails the services run again and the data is what it was."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import app.supervisor.backups.conduct as conducting
from app.backup.orders import done, next_order
from app.backup.records import Record, keep_record
from app.backup.shelf import Backup, write_json
from app.core.clock import SYSTEM
from app.core.errors import NotFound
from app.supervisor.backups.clerk import Clerk
from app.supervisor.backups.conduct import WRITERS, Conductor, RestoreBusy
from app.supervisor.events import DockerAnswers, Event, Probed, Seen, Started, Stopped, Tick
from app.supervisor.leases import take
from app.supervisor.loop import Loop
from app.supervisor.state import Container, Outcome
from app.supervisor.store import StateFile
from tests.unit.backup.conftest import backup  # noqa: F401 - a fixture
from tests.unit.supervisor.world import KEPT

NAME = "20260301T020000Z-ab12"


class Appliance:
    """A loop that turns, Docker that obeys, a container that answers orders; `broken` names the tasks that fail."""

    def __init__(self, folder: Path, clerk: Clerk) -> None:
        self.done: list[str] = []
        self.broken: dict[str, str] = {}
        self.sick: set[str] = set()
        self.dies_at: dict[str, str] = {}
        self.loop = Loop(SYSTEM, self, StateFile(folder / "state", "boot"))
        self.clerk, self.stopping = clerk, threading.Event()
        self.notes: list[str] = []
        self.conductor = Conductor(clerk, self.loop, lambda text, _bad: self.notes.append(text))
        self._threads = [threading.Thread(target=work) for work in (lambda: self.loop.run(self.stopping), self._container)]

    def begin(self) -> "Appliance":
        self.loop.put(DockerAnswers())
        for name in KEPT:
            self._runs(name)
        for thread in self._threads:
            thread.start()
        assert self.loop.wait_for_state(lambda state: all(state.healthy(name) for name in KEPT), 5)
        return self

    def end(self) -> None:
        self.stopping.set()
        self.loop.put(Tick())
        for thread in self._threads:
            thread.join(5)

    def start(self, service: str) -> None:
        self.done.append(f"start {service}")
        self.loop.put(Started(service, f"{service}-1", SYSTEM.now()))
        self._runs(service)

    def stop(self, service: str, grace_seconds: int) -> None:
        self.done.append(f"stop {service}")
        self._put(
            Stopped(service, f"{service}-1", SYSTEM.now()), Seen(service, Container(f"{service}-1", "exited", 0), SYSTEM.now())
        )

    def restart(self, service: str, grace_seconds: int) -> None:
        self.done.append(f"restart {service}")

    def restored(self) -> None:
        """Wait until the conductor is done."""
        pause = threading.Event()
        for _turn in range(3000):
            if self.conductor.outcome and not self.conductor.step:
                return
            pause.wait(0.01)
        raise AssertionError(f"the conductor hangs at {self.conductor.step!r} after {self.done}")

    def _runs(self, service: str) -> None:
        container = Container(f"{service}-1", "running", created_at=SYSTEM.now(), started_at=SYSTEM.now())
        self._put(Seen(service, container, SYSTEM.now()), Probed(service, SYSTEM.now(), Outcome.OK, 1.0))

    def _probe(self) -> None:
        for name, service in self.loop.state.services.items():
            if service.running:
                self.loop.put(Probed(name, SYSTEM.now(), Outcome.SILENT if name in self.sick else Outcome.OK, 1.0))

    def _put(self, *events: Event) -> None:
        for event in events:
            self.loop.put(event)

    def _container(self) -> None:
        journal = self.clerk.shelf.work / "restore.json"
        while not self.stopping.wait(0.01):
            self._probe()
            order = next_order(self.clerk.shelf)
            if order is None:
                continue
            check = "--check" in order.arguments
            what = "check" if check else order.kind
            self.done.append(what)
            trouble = self.broken.get(what)
            if victim := self.dies_at.get(what):
                exited = Container(f"{victim}-1", "exited", 137)
                self._put(Stopped(victim, f"{victim}-1", SYSTEM.now()), Seen(victim, exited, SYSTEM.now()))
                self.loop.wait_for_state(lambda state, name=victim: not state.services[name].running, 5)  # type: ignore[misc]
            if what == "restore":
                write_json(journal, {"step": "done"})
            if what in {"settle", "undo"} or (what == "restore" and trouble == "undone already"):
                journal.unlink(missing_ok=True)
            now = SYSTEM.now()
            keep_record(self.clerk.shelf, Record(order.id, order.kind, order.who, now, now, not trouble, trouble or "well"))
            done(self.clerk.shelf, order)


@pytest.fixture
def appliance(tmp_path: Path, backup: Callable[..., Backup], monkeypatch: pytest.MonkeyPatch) -> Iterator[Appliance]:  # noqa: F811
    monkeypatch.setattr(conducting, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(conducting, "_START_SECONDS", 0.3)
    backup(NAME)
    made = Appliance(tmp_path, Clerk(tmp_path, SYSTEM)).begin()
    yield made
    made.end()


STOPS, STARTS = {f"stop {name}" for name in WRITERS}, {f"start {name}" for name in WRITERS}


def test_check_stop_restore_start_settle(appliance: Appliance) -> None:
    appliance.conductor.begin(NAME, "a person")
    appliance.restored()
    done = appliance.done
    assert (done[0], set(done[1:5]), done[5], set(done[6:10]), done[10:]) == ("check", STOPS, "restore", STARTS, ["settle"])
    assert appliance.conductor.ok
    assert "is restored, compared, and the services are healthy" in appliance.conductor.outcome
    assert appliance.notes[0] == f"a person restores the backup {NAME}"
    assert appliance.loop.state.leases == {}


def test_what_cannot_be_restored_stops_nothing(appliance: Appliance) -> None:
    appliance.broken["check"] = "The archive is damaged. Use another backup."
    appliance.conductor.begin(NAME, "a person")
    appliance.restored()
    assert appliance.done == ["check"]
    assert not appliance.conductor.ok
    assert appliance.conductor.outcome == "The archive is damaged. Use another backup."


def test_a_restore_that_failed_and_undid_itself_starts_the_services_again(appliance: Appliance) -> None:
    appliance.broken["restore"] = "undone already"
    appliance.conductor.begin(NAME, "a person")
    appliance.restored()
    assert appliance.done[5] == "restore"
    assert set(appliance.done[6:]) == STARTS
    assert appliance.conductor.outcome == "undone already"


def test_a_restore_that_was_killed_after_the_switch_is_undone(appliance: Appliance) -> None:
    appliance.broken["restore"] = "It was killed (-9)."
    appliance.conductor.begin(NAME, "a person")
    appliance.restored()
    assert appliance.done[5:7] == ["restore", "undo"]
    assert set(appliance.done[7:]) == STARTS


def test_a_database_that_died_in_the_middle_is_started_before_anything_is_undone(appliance: Appliance) -> None:
    appliance.broken["restore"] = "It was killed (-9)."
    appliance.dies_at["restore"] = "mongodb"
    appliance.conductor.begin(NAME, "a person")
    appliance.restored()
    assert appliance.done[5:8] == ["restore", "start mongodb", "undo"]
    assert set(appliance.done[8:]) == STARTS


def test_what_could_not_be_undone_is_undone_once_it_can_be(appliance: Appliance) -> None:
    appliance.broken |= {"restore": "It was killed (-9).", "undo": "The database does not answer"}
    appliance.conductor.begin(NAME, "a person")
    appliance.restored()
    assert appliance.conductor.outcome == "The database does not answer"
    write_json(appliance.clerk.shelf.work / "restore.json", {"step": "done"})  # as it was: nothing was undone
    del appliance.broken["undo"]
    appliance.done.clear()
    appliance.conductor.outcome = ""
    assert appliance.loop.wait_for_state(lambda state: all(state.healthy(name) for name in KEPT), 5)
    appliance.conductor.try_again()
    appliance.restored()
    assert "undo" in appliance.done
    appliance.conductor.try_again()
    assert not appliance.conductor.step


def test_services_that_do_not_work_get_the_old_data_back(appliance: Appliance) -> None:
    appliance.sick.add("ai")
    appliance.conductor.begin(NAME, "a person")
    appliance.restored()
    assert set(appliance.done[10:14]) == STOPS
    assert appliance.done[14] == "undo"
    assert "settle" not in appliance.done
    assert "so it was undone: the data is what it was before" in appliance.conductor.outcome


def test_a_second_restore_is_refused(appliance: Appliance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appliance.conductor, "_restore", lambda *_anything: appliance.stopping.wait(5))
    appliance.conductor.begin(NAME, "a person")
    with pytest.raises(RestoreBusy, match="A restore is under way"):
        appliance.conductor.begin(NAME, "another")
    appliance.stopping.set()


def test_somebody_elses_maintenance_is_respected(appliance: Appliance) -> None:
    take(appliance.loop, "update", [], 60, "deploy.sh", "a new version")
    appliance.conductor.begin(NAME, "a person")
    appliance.restored()
    assert appliance.done == ["check"]
    assert "deploy.sh works on" in appliance.conductor.outcome


def test_a_backup_that_is_not_there_is_refused_at_once(appliance: Appliance) -> None:
    with pytest.raises(NotFound, match="There is no backup nothing"):
        appliance.conductor.begin("nothing", "a person")


def test_after_our_own_restart_an_interrupted_restore_is_undone(appliance: Appliance) -> None:
    write_json(appliance.clerk.shelf.work / "restore.json", {"step": "done"})
    appliance.conductor.recover()
    appliance.restored()
    assert set(appliance.done[:4]) == STOPS
    assert appliance.done[4] == "undo"
    assert set(appliance.done[5:]) == STARTS
    assert appliance.conductor.outcome == "The interrupted restore was undone: the data is what it was before."
