"""The evidence is what the supervisor's own records say, and a part that cannot be told is said to be so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.backup.reports import Report, Step, keep_report
from app.backup.shelf import Backup, write_json
from app.core.clock import FixedClock
from app.supervisor.alerts.rule_tests import RuleTests
from app.supervisor.alerts.rules import RULES
from app.supervisor.backups.clerk import Clerk
from app.supervisor.doctor.examine import Result
from app.supervisor.doctor.finding import Verdict
from app.supervisor.doctor.records import Records
from app.supervisor.doctor.world import HostFacts
from app.supervisor.duties.standing import Standing
from app.supervisor.engine import EngineRefused, EngineSilent
from app.supervisor.handover.alerting import Telling
from app.supervisor.handover.checklist import checklist
from app.supervisor.handover.evidence import Evidence
from app.supervisor.handover.gather import Ports, gather
from app.supervisor.handover.problems import Open
from app.supervisor.history.phases import Span
from app.supervisor.incidents.incident import Incident
from app.supervisor.state import Phase
from tests.unit.backup.conftest import MOMENT, backup  # noqa: F401 - a fixture
from tests.unit.supervisor.alerts.office import Office
from tests.unit.supervisor.doctor.given import FACTS, container
from tests.unit.supervisor.duties.given import Office as Calendar

SETTINGS = """
public_address = "https://trade.example"
[[channel]]
name = "hook"
kind = "webhook"
url = "https://example.com/a-secret-address"
secret = "sixteen characters"
[[contact]]
tier = "operations"
name = "Ada"
mail = "ada@example.com"
[rules.api_slow]
off = true
"""


class Docker:
    """Describes every container, but for those that `refused` or `missing` name."""

    def __init__(self) -> None:
        self.refused, self.missing, self.silent = set[str](), set[str](), False
        self.asked: list[str] = []

    def describe(self, service: str) -> Mapping[str, Any] | None:
        self.asked.append(service)
        if self.silent:
            raise EngineSilent("connection refused")
        if service in self.refused:
            raise EngineRefused("403")
        return None if service in self.missing else {**container(service), "NetworkSettings": {"Networks": {"tradeai_data": {}}}}

    def version(self) -> Mapping[str, Any]:
        if self.silent:
            raise EngineSilent("connection refused")
        return {"Version": "26.1.5"}


class House:
    """A supervisor's records on real files, to be looked at."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.docker, self.incidents = folder, Docker(), list[Incident]()
        self.office = Office(folder, SETTINGS)
        self.clock = self.office.clock
        self.doctor = Records(self.office.store)
        self.calendar = Calendar(folder / "calendar", now=self.clock.now())
        self.clerk: Any = Clerk(folder / "backups", self.clock)
        self.tests = RuleTests(self.office.desk, self.office.store, self.clock, self.office.store.note)
        self.spans: Callable[[datetime, datetime], Sequence[Span]] = self.all_week

    def all_week(self, begin: datetime, end: datetime) -> list[Span]:
        """Everything healthy, but redis an hour down and ai half of the time not looked at."""
        hour = timedelta(hours=1)
        found = [Span(name, "healthy", begin, end) for name in self.office.state.services if name not in {"redis", "ai"}]
        found += [Span("redis", "failed", begin, begin + hour), Span("redis", "healthy", begin + hour, end)]
        return [*found, Span("ai", "healthy", begin, begin + (end - begin) / 2)]

    def look(self) -> Evidence:
        desk = self.office.desk
        ports = Ports(
            clock=self.clock,
            name=lambda: desk.settings.current.file.public_address,
            state=lambda: self.office.state,
            engine=self.docker,
            spans=self.spans,
            doctor=self.doctor,
            backups=self.clerk,
            alerts=Telling(lambda: desk.settings.current, self.tests.last, self.tests.fired, lambda _name: None),
            open=Open(lambda: self.incidents, desk.live, desk.title, self.calendar.roster.today, lambda: desk.settings.mistakes),
        )
        return gather(ports)

    def proven(self) -> dict[str, bool]:
        return {line.name: line.proven for line in checklist(self.look())}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_what_runs_is_told_as_docker_describes_it(house: House) -> None:
    found = {one.name: one for one in house.look().running}
    assert list(found)[:2] == ["mongodb", "redis"]
    assert set(found) >= {"dockerproxy", "supervisor"}
    nginx = found["nginx"]
    assert (nginx.digest, nginx.memory, nginx.networks) == ("sha256:aaaaaaaaaaaa", 10**9, ("tradeai_data",))
    assert nginx.ports == ("*:443 -> 8443/tcp",)
    assert (nginx.state, nginx.stage, nginx.needs) == ("healthy", "edge", ("backend",))
    assert house.proven()["images"]


def test_a_container_that_docker_does_not_tell_of_is_left_without_a_digest(house: House) -> None:
    house.docker.refused, house.docker.missing = {"ai"}, {"redis"}
    found = house.look()
    by_name = {one.name: one for one in found.running}
    assert (by_name["ai"].digest, by_name["ai"].trouble) == ("", "403")
    assert "no container" in by_name["redis"].trouble
    assert by_name["nginx"].digest
    assert not house.proven()["images"]


def test_a_docker_that_says_nothing_is_asked_once_and_said_to_be_silent(house: House) -> None:
    house.docker.silent = True
    found = house.look()
    assert house.docker.asked == ["mongodb"]
    assert {one.trouble for one in found.running} == {"connection refused"}
    assert found.silence["docker"] == "connection refused"
    assert "Docker" not in found.versions
    assert not house.proven()["images"]


def test_availability_is_that_of_the_last_seven_days(house: House) -> None:
    found = {one.service: one for one in house.look().uptime}
    assert (found["redis"].down, found["redis"].share) == (3600, pytest.approx(167 / 168))
    assert found["ai"].seen == pytest.approx(0.5)
    assert found["mongodb"].share == 1
    assert not house.proven()["availability"]
    house.spans = lambda begin, end: [Span(name, "healthy", begin, end) for name in house.office.state.services]
    assert house.proven()["availability"]


def test_a_history_that_cannot_be_read_is_no_availability(house: House) -> None:
    def broken(_begin: datetime, _end: datetime) -> list[Span]:
        raise OSError("the disk is gone")

    house.spans = broken
    found = house.look()
    assert (found.uptime, found.silence["uptime"]) == ((), "the disk is gone")


def test_the_audit_is_the_doctors_last_examination(house: House) -> None:
    assert house.look().audit is None
    now = house.clock.now()
    house.doctor.keep_facts(HostFacts(now, FACTS))
    results = [
        Result("disk", "host", "Disk", Verdict.OK, "60 % free"),
        Result("ssh", "host", "SSH", Verdict.WARNING, "passwords", "forbid them"),
        Result("root", "containers", "Root", Verdict.PROBLEM, "worker", "change it"),
        Result("audit_chain", "data", "Audit trail", Verdict.OK, "whole"),
    ]
    house.doctor.keep(now, "Ada", 1.0, results)
    found = house.look().audit
    assert found is not None
    assert (found.problems, found.warnings, found.fine, found.chain_whole, found.facts_at) == (1, 1, 2, True, now)
    assert [one.title for one in found.findings] == ["Root", "SSH"]
    assert {name: ok for name, ok in house.proven().items() if name in {"audit", "trail"}} == {"audit": False, "trail": True}
    house.doctor.keep(now, "Ada", 1.0, results[:2])
    assert house.proven()["audit"]
    assert not house.proven()["trail"]  # nobody looked at it


def test_backup_copy_proof_and_load_come_from_the_shelf(house: House, backup: Callable[..., Backup]) -> None:  # noqa: F811
    assert not any(house.proven()[name] for name in ("backup", "elsewhere", "restore", "load"))
    folder = house.folder / "backups" / "database"
    old, new = backup("20260228T020000Z-0001", folder), backup("20260301T020000Z-0002", folder)
    house.clock = house.office.clock = FixedClock(MOMENT + timedelta(hours=2))
    write_json(
        old.folder / "proof.json",
        {"ok": True, "at": MOMENT.isoformat(), "seconds": 48.4, "restore_seconds": 21.3, "documents": 3},
    )
    write_json(new.folder / "offsite.json", {"target": "sftp:there", "at": MOMENT.isoformat()})
    step = Step("load", MOMENT, 20.0, "good", "4000 requests, 0 errors")
    keep_report(house.clerk.shelf, Report("20260301T020000Z", "Ada", MOMENT, MOMENT, (step,)))
    found = house.look()
    assert found.saved is not None
    assert (found.saved.id, found.saved.documents, found.saved.server_version) == (new.id, 3, "7")
    assert found.copied is not None
    assert (found.copied.id, found.copied.target) == (new.id, "sftp:there")
    assert found.proven is not None
    assert (found.proven.id, found.proven.seconds, found.proven.restore_seconds) == (old.id, 48.4, 21.3)
    assert found.load is not None
    assert found.load.good
    assert all(house.proven()[name] for name in ("backup", "elsewhere", "restore", "load"))
    write_json(
        new.folder / "proof.json", {"ok": False, "at": (MOMENT + timedelta(hours=1)).isoformat(), "reason": "hashes differ"}
    )
    assert not house.proven()["restore"]  # what was proven before proves nothing any more
    later_at = MOMENT + timedelta(hours=1)
    worse = replace(step, began_at=later_at, outcome="bad")
    keep_report(house.clerk.shelf, Report("20260301T030000Z", "Ada", later_at, later_at, (worse,)))
    assert not house.proven()["load"]
    (new.folder / "manifest.json").write_text("{")
    later = house.look()
    assert later.saved is not None
    assert later.saved.id == old.id


def test_a_folder_of_backups_that_cannot_be_read_is_said(house: House) -> None:
    class Gone:
        def backups(self) -> list[Backup]:
            raise OSError("not mounted")

        reports = backups

    house.clerk = Gone()
    assert house.look().silence["backups"] == "not mounted"
    assert not house.proven()["restore"]


def test_every_rule_is_told_with_its_last_test_and_no_secret_leaves(house: House) -> None:
    house.tests.test_all("Ada")
    found = house.look()
    rules = {one.name: one for one in found.rules}
    assert len(rules) == len(RULES)
    assert (rules["api_slow"].off, rules["api_slow"].tested_at) == (True, None)
    assert (rules["host_cpu"].good, rules["host_cpu"].tested_by) == (True, "Ada")
    assert [(one.tier, one.name) for one in found.contacts] == [("operations", "Ada")]
    assert [one.first for one in found.deadlines] == [("hook",)] * 4
    assert (found.name, found.channels[0].name) == ("https://trade.example", "hook")
    assert "secret" not in repr(found)


def test_everything_that_is_open_is_listed(house: House) -> None:
    assert house.look().problems == ()
    now = house.clock.now()
    house.office.down("mongodb")
    house.incidents = [Incident(7, "mongodb", "it hangs", "P1", now, now)]
    house.doctor.keep(now, "Ada", 1.0, [Result("ssh", "host", "SSH", Verdict.WARNING, "passwords", "forbid them")])
    house.calendar.later(days=2)
    assert any(row.standing is Standing.OVERDUE for row in house.calendar.roster.today())
    house.office.file.write_text("nonsense")
    house.office.desk.reload()
    found = house.look().problems
    assert {one.about for one in found} == {"Incident 7", "Alert", "Service", "Doctor", "Calendar", "Alert settings"}
    assert ("Service", "mongodb: failed, it hangs") in [(one.about, one.text) for one in found]


def test_a_service_that_a_person_stopped_is_open_too(house: House) -> None:
    house.office.service("ai", Phase.STOPPED)
    assert [one.text for one in house.look().problems] == ["ai: stopped"]
