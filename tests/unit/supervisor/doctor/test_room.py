"""The doctor's page shows problems first and asks before it corrects; its JSON is for machines with the password."""

from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import FixedClock
from app.supervisor.doctor.catalogue import catalogue
from app.supervisor.doctor.practice import Doctor
from app.supervisor.doctor.records import Records
from app.supervisor.doctor.room import doctor_room
from app.supervisor.doctor.world import World
from app.supervisor.pages.signing_in import OPERATOR, OperatorSession
from app.supervisor.pages.site import create_site
from app.supervisor.store import StateFile
from tests.unit.supervisor.doctor.given import FACTS, NOW, host, world
from tests.unit.supervisor.pages.test_site import PASSWORD, Keeper
from tests.unit.supervisor.world import World as Appliance

BASIC = {"Authorization": "Basic " + b64encode(f"{OPERATOR}:{PASSWORD}".encode()).decode()}


class Office:
    """The site with the doctor's room, and a browser that is signed in."""

    keeper_type: type[Keeper] = Keeper

    def __init__(self, folder: Path) -> None:
        store, clock = StateFile(folder, "boot"), FixedClock(NOW)
        self.given: World = world()
        self.doctor = Doctor(clock, Records(store), catalogue, lambda _facts: self.given, lambda _event: None, store.note)
        operator = OperatorSession(b"k" * 32, lambda: PASSWORD)
        keeper: Any = self.keeper_type(Appliance().healthy())
        self.site = create_site(keeper, store, clock, operator, b"c" * 32, [doctor_room(self.doctor, clock)])
        self.browser, self.machine = self.site.test_client(), self.site.test_client()
        self.browser.post("/sign-in", data={"name": OPERATOR, "password": PASSWORD})
        with self.browser.session_transaction() as session:
            self.csrf = session["csrf"]

    def post(self, path: str) -> Any:
        return self.browser.post(path, data={"csrf": self.csrf}, follow_redirects=True)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_before_the_first_examination_the_page_says_what_it_is_for(office: Office) -> None:
    text = office.browser.get("/doctor").text
    assert "Nothing was examined yet" in text
    assert "Examine now" in text


def test_problems_stand_before_what_is_in_order(office: Office) -> None:
    office.given = host(disk_free=10**9)
    office.doctor.examine_now("daily")
    text = office.browser.get("/doctor").text
    assert text.index("What needs somebody") < text.index("1.0 GB of") < text.index("Firewall")
    assert "1 problem, 0 warnings" in text


def test_a_fix_is_described_and_confirmed_before_it_is_done(office: Office) -> None:
    given = world()
    office.given = replace(given, told={**(given.told or {}), "indexes": {"declared": 3, "missing": ["a: b"]}})
    office.doctor.examine_now("daily")
    assert "/doctor/fix/missing_indexes" in office.browser.get("/doctor").text
    assert "Creates the missing indexes" in office.browser.get("/doctor/fix/missing_indexes").text
    assert given.hands.indexes == 0  # type: ignore[attr-defined]
    assert "2 indexes were created." in office.post("/doctor/fix/missing_indexes").text
    assert given.hands.indexes == 2  # type: ignore[attr-defined]


def test_there_is_nothing_to_confirm_for_what_is_in_order(office: Office) -> None:
    office.doctor.examine_now("daily")
    assert office.browser.get("/doctor/fix/missing_indexes").status_code == 404
    assert "no safe fix" in office.post("/doctor/fix/firewall").text


def test_a_form_of_another_site_corrects_nothing(office: Office) -> None:
    assert office.browser.post("/doctor/fix/missing_indexes").status_code == 403
    assert office.given.hands.indexes == 0  # type: ignore[attr-defined]


def test_machines_get_the_examination_as_json(office: Office) -> None:
    assert office.machine.get("/api/v1/doctor").status_code == 401
    assert office.machine.get("/api/v1/doctor", headers=BASIC).json["status"] == "unknown"
    office.given = host(disk_free=10**9)
    answer = office.machine.post("/api/v1/doctor/runs", headers=BASIC, json={"who": "cron"})
    assert answer.status_code == 201
    assert (answer.json["status"], answer.json["problems"]) == ("problem", 1)
    disk = next(check for check in answer.json["checks"] if check["name"] == "disk")
    assert disk["verdict"] == "problem"
    assert disk["remedy"]
    assert office.doctor.records.runs(1)[0].why == "cron"


def test_facts_come_in_by_the_api_and_nonsense_is_refused(office: Office) -> None:
    assert office.machine.put("/api/v1/doctor/facts", headers=BASIC, json=FACTS).status_code == 200
    kept = office.doctor.records.facts()
    assert kept is not None
    assert kept.seen["firewall"] == {"kind": "ufw", "active": True}
    refused = office.machine.put("/api/v1/doctor/facts", headers=BASIC, json={"updates": "many"})
    assert refused.status_code == 422
    assert "updates" in refused.json["detail"]
    assert office.machine.put("/api/v1/doctor/facts", headers=BASIC, data="[1]").status_code == 400
    assert office.machine.put("/api/v1/doctor/facts", headers=BASIC).status_code == 400


def test_an_unknown_fix_is_refused_with_the_reason(office: Office) -> None:
    answer = office.machine.post("/api/v1/doctor/fixes/everything", headers=BASIC)
    assert answer.status_code == 404
    assert "no check named" in answer.json["detail"]
