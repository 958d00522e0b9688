"""The doctor examines once a day, remembers, notes what changed, and fixes only what it promised."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest

from app.core.clock import FixedClock
from app.core.errors import NotFound
from app.supervisor.doctor.catalogue import Check, catalogue
from app.supervisor.doctor.examine import by_urgency, examine, worst
from app.supervisor.doctor.facts import FactsRefused, read_facts
from app.supervisor.doctor.finding import Finding, Source, Verdict, ok, problem, warning
from app.supervisor.doctor.practice import Busy, Doctor, FixFailed
from app.supervisor.doctor.records import Records
from app.supervisor.doctor.world import HostFacts, World
from app.supervisor.events import Event, Measured
from app.supervisor.store import Line, StateFile
from tests.unit.supervisor.doctor.given import FACTS, NOW, facts, host, told, world

DAY = timedelta(days=1)


@dataclass
class Practice:
    """A doctor over a world that tests change."""

    folder: Path
    given: World = field(default_factory=world)
    checks: tuple[Check, ...] = field(default_factory=catalogue)

    def __post_init__(self) -> None:
        self.clock, self.told, self.notes, self.gathered_with = (
            FixedClock(NOW),
            list[Event](),
            list[Line](),
            list[HostFacts | None](),
        )
        self.reopen()

    def reopen(self) -> None:
        """The supervisor was restarted."""
        self.records = Records(StateFile(self.folder, "boot"))
        self.doctor = Doctor(self.clock, self.records, lambda: self.checks, self.gather, self.told.append, self.notes.append)

    def gather(self, facts: HostFacts | None) -> World:
        self.gathered_with.append(facts)
        return self.given

    def figure(self, name: str, subject: str = "") -> Measured:
        wanted = (name, subject)
        return next(
            event for event in reversed(self.told) if isinstance(event, Measured) and (event.name, event.subject) == wanted
        )


@pytest.fixture
def practice(tmp_path: Path) -> Practice:
    return Practice(tmp_path)


def test_a_first_examination_is_due_at_once_the_next_after_a_day(practice: Practice) -> None:
    assert practice.doctor.due(NOW)
    practice.doctor.examine_now("daily")
    assert not practice.doctor.due(NOW + timedelta(hours=23))
    assert practice.doctor.due(NOW + DAY)


def test_a_restart_of_the_supervisor_repeats_no_examination(practice: Practice) -> None:
    practice.doctor.examine_now("daily")
    practice.reopen()
    assert not practice.doctor.due(NOW + timedelta(hours=1))
    assert len(practice.records.results()) == len(practice.checks)


def test_an_examination_from_the_future_of_a_wrong_clock_does_not_keep_the_next_from_happening(practice: Practice) -> None:
    practice.clock.advance(365 * 86400)
    practice.doctor.examine_now("daily")
    assert practice.doctor.due(NOW)


def test_results_counts_and_figures_agree(practice: Practice) -> None:
    practice.given = host(disk_free=10**9)
    run, results = practice.doctor.examine_now("ann")
    assert (run.problems, run.warnings, run.fine) == (1, 0, len(practice.checks) - 1)
    assert practice.records.results() == results
    figure = practice.figure("doctor_problems")
    assert figure.value == 1
    assert "Disk space" in figure.detail


def test_each_problem_is_a_figure_by_its_check_until_it_is_in_order_again(practice: Practice) -> None:
    practice.given = told("users", administrators=0)
    practice.doctor.examine_now("daily")
    figure = practice.figure("doctor_problem", "administrators")
    assert (figure.value, practice.figure("doctor_problem", "disk").value) == (1, 0)
    assert "Nobody is an administrator" in figure.detail
    practice.told.clear()
    practice.given = world(told=None, silence={"app": "connection refused"})
    practice.doctor.examine_now("daily")
    subjects = {event.subject for event in practice.told if isinstance(event, Measured) and event.name == "doctor_problem"}
    assert "administrators" not in subjects, "what could not be looked at ends no alert"
    practice.given = world()
    practice.doctor.examine_now("daily")
    assert practice.figure("doctor_problem", "administrators").value == 0


def test_what_changed_is_noted_once(practice: Practice) -> None:
    practice.doctor.examine_now("daily")
    assert practice.notes == []
    practice.given = told("users", administrators=0)
    practice.doctor.examine_now("daily")
    practice.doctor.examine_now("daily")
    practice.given = world()
    practice.doctor.examine_now("daily")
    assert [(line.service, line.bad) for line in practice.notes] == [("doctor", True), ("doctor", False)]
    assert "Nobody is an administrator" in practice.notes[0].text
    assert "in order again" in practice.notes[1].text


def test_a_fix_is_done_noted_and_looked_at_again(practice: Practice) -> None:
    practice.given = told("indexes", missing=["a: b"])
    practice.doctor.examine_now("daily")
    assert "2 indexes" in practice.doctor.fix("missing_indexes", "ann")
    assert "ann had the doctor correct" in practice.notes[-1].text
    assert len(practice.records.runs(9)) == 1  # of the same moment
    assert practice.records.runs(1)[0].why == "ann"


def test_there_is_no_fix_for_what_is_not_safe_to_fix(practice: Practice) -> None:
    with pytest.raises(NotFound, match="no safe fix"):
        practice.doctor.fix("firewall", "ann")
    with pytest.raises(NotFound, match="no check named"):
        practice.doctor.fix("../../etc", "ann")


def test_a_fix_that_fails_says_so(practice: Practice) -> None:
    def broken(_world: World) -> str:
        raise OSError("read-only file system")

    practice.checks = (Check("c", "host", "Title", Source.HOST, lambda _world: ok("fine"), "will do", broken),)
    with pytest.raises(FixFailed, match="read-only file system"):
        practice.doctor.fix("c", "ann")
    assert practice.notes == []


def test_two_examinations_do_not_run_at_once(practice: Practice) -> None:
    refused: list[str] = []

    def gather_and_ask_again(_facts: HostFacts | None) -> World:
        for again in (practice.doctor.examine_now, practice.doctor.examine_in_background):
            with pytest.raises(Busy) as error:
                again("bob")
            refused.append(str(error.value))
        assert practice.doctor.progress is not None
        return world()

    practice.doctor._gather = gather_and_ask_again
    practice.doctor.examine_now("ann")
    assert len(refused) == 2
    assert practice.doctor.progress is None


def test_a_broken_check_does_not_end_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.supervisor.doctor.examine.log", Mock())  # printing the traceback takes a second

    def breaks(_world: World) -> Finding:
        raise KeyError("HostConfig")

    checks = [Check("a", "host", "A", Source.APP, breaks), Check("b", "host", "B", Source.APP, lambda _world: ok("fine"))]
    first, second = examine(world(), checks)
    assert (first.verdict, second.verdict) == (Verdict.UNKNOWN, Verdict.OK)
    assert "KeyError" in first.evidence


def test_old_facts_show_their_age() -> None:
    given = facts()
    aged = world(facts=given.facts, now=NOW + 3 * DAY)
    firewall = next(check for check in catalogue() if check.name == "firewall")
    assert examine(aged, [firewall])[0].evidence.endswith("(seen 3 days ago)")
    assert "seen" not in examine(given, [firewall])[0].evidence


def test_progress_is_told_for_every_check() -> None:
    heard: list[int] = []
    examine(world(), catalogue(), lambda done, _name: heard.append(done))
    assert heard == list(range(len(catalogue())))


def test_the_worst_comes_first_and_decides() -> None:
    says = {"a": ok("1"), "b": problem("2", "do"), "c": warning("3", "do")}
    checks = [Check(name, "host", name, Source.APP, lambda _world, finding=finding: finding) for name, finding in says.items()]
    results = examine(world(), checks)
    assert [result.check for result in by_urgency(results)] == ["b", "c", "a"]
    assert worst(results) is Verdict.PROBLEM
    assert worst([]) is Verdict.OK


def test_facts_are_kept_over_a_restart(practice: Practice) -> None:
    practice.doctor.receive_facts(read_facts(FACTS, NOW))
    practice.reopen()
    practice.doctor.examine_now("daily")
    kept = practice.gathered_with[-1]
    assert kept is not None
    assert (kept.at, kept.seen) == (NOW, FACTS)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"weather": "fine"},
        {"updates": "many"},
        {"updates": -1},
        {"firewall": {"kind": "ufw"}},
        {"modes": {".env": "rw-"}},
        {"images": {"redis": "yesterday"}},
        {"listening": [{"port": "22"}]},
        {"secrets": ["x"]},
    ],
)
def test_facts_of_another_kind_are_refused_by_name(document: dict[str, object]) -> None:
    with pytest.raises(FactsRefused):
        read_facts(document, NOW)


def test_what_the_host_could_not_tell_is_left_out() -> None:
    assert read_facts({"updates": 3, "firewall": None, "newer": 1}, NOW).seen == {"updates": 3}
