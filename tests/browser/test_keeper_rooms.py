"""Doctor, calendar and backups in a browser: they fit a phone, work without JavaScript, and can be read by all.

Served here on the worlds of their unit tests; the deployed ones are in tests/e2e.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app.backup.orders import waiting
from app.backup.reports import Report, Step, keep_report
from app.backup.shelf import Backup, write_json
from tests.browser.axe import serious_findings
from tests.browser.keeper_site import PatientKeeper, Visit, served
from tests.browser.opening import PHONE, picture
from tests.unit.backup.conftest import backup  # noqa: F401 - a fixture
from tests.unit.supervisor.backups import test_room as backups
from tests.unit.supervisor.doctor import test_room as doctor
from tests.unit.supervisor.doctor.given import host, told
from tests.unit.supervisor.duties import test_room as calendar
from tests.unit.supervisor.pages.test_site import PASSWORD

_REPORT = "20260301T070000Z"
DOCTOR = ("/doctor", "/doctor/fix/missing_indexes")
CALENDAR = ("/calendar", "/calendar?month=2026-01", "/calendar/security_log/2026-03-02", "/calendar/health/2026-03-03")
BACKUPS = ("/backups", "/backups/retention", f"/backups/{backups.NAME}", f"/backups/tests/{_REPORT}")
PAGES = DOCTOR + CALENDAR + BACKUPS


class Practice(doctor.Office):
    """Two problems, one of which can be corrected from the page."""

    keeper_type = PatientKeeper

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        given = host(disk_free=10**9)
        self.given = replace(given, told=told("indexes", missing=["sales: week"]).told)
        self.doctor.examine_now("daily")


class Office(calendar.Desk):
    keeper_type = PatientKeeper


class Shelves(backups.Room):
    keeper_type = PatientKeeper


def _shelves(folder: Path, make: Callable[..., Backup]) -> Shelves:
    """A backup that was proven, and the report of a recovery test that went wrong."""
    made = make(backups.NAME)
    write_json(made.folder / "proof.json", {"ok": True, "at": backups.NOW.isoformat(), "seconds": 12.3})
    shelves = Shelves(folder)
    steps = (Step("backup", backups.NOW, 3.0, "good", "made"), Step("load", backups.NOW, 20.0, "bad", "7 errors"))
    end = backups.NOW + timedelta(minutes=2)
    keep_report(shelves.clerk.shelf, Report(_REPORT, "Ada", backups.NOW, end, steps))
    return shelves


@pytest.fixture
def make(backup: Callable[..., Backup]) -> Callable[..., Backup]:  # noqa: F811
    """Makes a whole backup."""
    return backup


@pytest.fixture
def visit(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path, make: Callable[..., Backup]) -> Iterator[Visit[Any]]:
    """The room of the page that the test is about."""
    path = request.node.callspec.params["path"]
    site: Any
    if path.startswith("/doctor"):
        site = Practice(tmp_path)
    elif path.startswith("/calendar"):
        site = Office(tmp_path)
    else:
        site = _shelves(tmp_path, make)
    with served(browser, site, PASSWORD) as made:
        yield made


@pytest.mark.parametrize("path", PAGES)
def test_every_page_fits_a_phone(visit: Visit[Any], path: str) -> None:
    page = visit.open(path, size=PHONE)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(page, f"rooms{path.replace('/', '-').replace('?', '-')}-phone")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_works_without_javascript(visit: Visit[Any], path: str) -> None:
    page = visit.open(path, java_script_enabled=False)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Overview")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_can_be_read_by_all(visit: Visit[Any], path: str, scheme: str) -> None:
    page = visit.open(path, scheme=scheme, bypass_csp=True)
    page.wait_for_load_state("load")
    assert serious_findings(page) == []


def _open(visit: Visit[Any], path: str, javascript: bool) -> Page:
    return visit.open(path, size=PHONE, java_script_enabled=javascript)


both_ways = pytest.mark.parametrize("javascript", [True, False], ids=["JavaScript", "no JavaScript"])


@both_ways
@pytest.mark.parametrize("path", ["/doctor"])
def test_a_problem_is_corrected_after_a_question(visit: Visit[Any], path: str, javascript: bool) -> None:
    page = _open(visit, path, javascript)
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 problems")
    page.get_by_role("link", name="Correct this").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Correct: Indexes")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_text("2 indexes were created.")).to_be_visible()
    assert visit.site.given.hands.indexes == 2


@both_ways
@pytest.mark.parametrize("path", ["/calendar/security_log/2026-03-02"])
def test_a_task_is_signed(visit: Visit[Any], path: str, javascript: bool) -> None:
    page = _open(visit, path, javascript)
    page.get_by_label("Your name").fill("Ann")
    page.get_by_label("What you did or saw").fill("As expected")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text("signed by Ann")).to_be_visible()
    page.get_by_role("link", name="Security log").click()
    expect(page.get_by_role("heading", name="Signed by Ann")).to_be_visible()


@both_ways
@pytest.mark.parametrize("path", ["/backups"])
def test_a_backup_is_ordered(visit: Visit[Any], path: str, javascript: bool) -> None:
    page = _open(visit, path, javascript)
    page.locator("form[action='/backups/run/backup']").get_by_role("button").click()
    expect(page.get_by_text("It is ordered")).to_be_visible()
    (order,) = waiting(visit.site.clerk.shelf)
    assert order.kind == "backup"
