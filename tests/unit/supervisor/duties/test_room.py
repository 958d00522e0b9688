"""The calendar's pages show what is due and take signatures; its JSON serves commands."""

from base64 import b64encode
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from app.supervisor.duties.room import calendar_room
from app.supervisor.duties.standing import Standing
from app.supervisor.pages.signing_in import OPERATOR, OperatorSession
from app.supervisor.pages.site import create_site
from tests.unit.supervisor.duties.given import Office
from tests.unit.supervisor.pages.test_site import PASSWORD, Keeper
from tests.unit.supervisor.world import World as Appliance

BASIC = {"Authorization": "Basic " + b64encode(f"{OPERATOR}:{PASSWORD}".encode()).decode()}


class Desk(Office):
    """The office with its pages and a browser; a Tuesday noon, everything looked at."""

    keeper_type: type[Keeper] = Keeper

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, now=datetime(2026, 2, 25, 12, 0, tzinfo=UTC))
        self.later(days=6).roster.work()
        operator = OperatorSession(b"k" * 32, lambda: PASSWORD)
        keeper: Any = self.keeper_type(Appliance().healthy())
        self.site = create_site(keeper, self.store, self.clock, operator, b"c" * 32, [calendar_room(self.roster, self.clock)])
        self.browser, self.machine = self.site.test_client(), self.site.test_client()
        self.browser.post("/sign-in", data={"name": OPERATOR, "password": PASSWORD})
        with self.browser.session_transaction() as session:
            self.csrf = session["csrf"]

    def post(self, path: str, **form: str) -> Any:
        return self.browser.post(path, data={"csrf": self.csrf, **form}, follow_redirects=True)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_page_names_what_waits_and_shows_the_month(desk: Desk) -> None:
    text = desk.browser.get("/calendar").text
    assert "2026-03" in text
    assert "Security log" in text
    assert "Needs a look" in text
    assert "4/4" in text


def test_other_months_and_nonsense_months_have_a_page(desk: Desk) -> None:
    assert "2026-01" in desk.browser.get("/calendar?month=2026-01").text
    for month in ("2026-13", "yesterday", "0000-01", "9999-12"):
        assert "2026-03" in desk.browser.get(f"/calendar?month={month}").text


def test_a_person_signs_with_name_and_note(desk: Desk) -> None:
    address = "/calendar/security_log/2026-03-02"
    assert "What you did or saw" in desk.browser.get(address).text
    assert "Sign with your name" in desk.post(f"{address}/sign", who="", note="kept while typing").text
    assert "kept while typing" in desk.post(f"{address}/sign", who="", note="kept while typing").text
    desk.post(f"{address}/sign", who="Ann", note="As expected")
    text = desk.browser.get(address).text
    assert "Signed by Ann" in text
    assert "What you did or saw" not in text


def test_a_form_of_another_site_signs_nothing(desk: Desk) -> None:
    answer = desk.browser.post("/calendar/security_log/2026-03-02/sign", data={"who": "Eve", "note": "all fine"})
    assert answer.status_code == 403
    assert desk.roster.row("security_log").standing is not Standing.DONE


def test_looking_again_shows_the_new_proof(desk: Desk) -> None:
    assert "3 of 3 services are healthy" in desk.post("/calendar/health/run").text


@pytest.mark.parametrize("path", ["/calendar/nothing/2026-03-02", "/calendar/security_audit/2026-03-05"])
def test_what_does_not_exist_is_not_found(desk: Desk, path: str) -> None:
    assert desk.browser.get(path).status_code == 404


def test_nonsense_days_are_refused(desk: Desk) -> None:
    assert desk.browser.get("/calendar/health/yesterday").status_code == 422
    refused = desk.machine.post(
        "/api/v1/maintenance/health/sign", headers=BASIC, json={"who": "A", "note": "abc", "day": "0001-01-01"}
    )
    assert refused.status_code == 422


def test_machines_see_what_is_open_and_sign(desk: Desk) -> None:
    assert desk.machine.get("/api/v1/maintenance").status_code == 401
    document = desk.machine.get("/api/v1/maintenance", headers=BASIC).json
    assert (document["overdue"], document["open"], document["timezone"]) == ([], ["security_log"], "UTC")
    body = {"who": "Ann", "note": "As expected", "day": "2026-03-02"}
    signed = desk.machine.post("/api/v1/maintenance/security_log/sign", headers=BASIC, json=body)
    assert (signed.status_code, signed.json["standing"]) == (200, "done")
    again = desk.machine.post("/api/v1/maintenance/security_log/sign", headers=BASIC, json=body)
    assert again.status_code == 409
    assert "by Ann" in again.json["detail"]


def test_the_turns_of_a_time_are_listed_up_to_a_year(desk: Desk) -> None:
    turns = desk.machine.get("/api/v1/maintenance/turns?from=2026-03-01&to=2026-03-07", headers=BASIC).json["turns"]
    assert len(turns) == 4 * 7 + 4 + 4
    assert {turn["day"] for turn in turns} == {date(2026, 3, day).isoformat() for day in range(1, 8)}
    for query in ("from=2026-03-01&to=2028-03-07", "from=2026-03-07&to=2026-03-01", "from=x&to=y", ""):
        assert desk.machine.get(f"/api/v1/maintenance/turns?{query}", headers=BASIC).status_code == 422


def test_a_task_is_run_by_its_name(desk: Desk) -> None:
    assert desk.machine.post("/api/v1/maintenance/health/run", headers=BASIC, json={"who": "cron"}).json["good"] is True
    assert desk.machine.post("/api/v1/maintenance/nothing/run", headers=BASIC).status_code == 404
