"""The pages of the alerts in a browser: somebody acknowledges what fires, with and without JavaScript, on a desk and on a phone.

Served here on a desk with a state file of its own, whose one channel leads to a real receiver.
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import serious_findings
from tests.browser.keeper_site import Visit, served
from tests.browser.opening import PHONE, WIDE, picture
from tests.unit.supervisor.alerts.receivers import http_receiver
from tests.unit.supervisor.pages.test_alerts import PASSWORD, Room, StillKeeper


class WaitingKeeper(StillKeeper):
    """Whoever follows the page waits, as for a loop on which nothing happens."""

    def wait_for_turn(self, after: int, seconds: float) -> int:
        threading.Event().wait(min(seconds, 1))
        return after


class WaitingRoom(Room):
    keeper_type = WaitingKeeper


PAGES = ("/alerts", "/alerts/rules", "/alerts/channels", "/alerts/{alert}")


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Visit[Room]]:
    """MongoDB is down, and people were told."""
    with http_receiver() as receiver:
        room = WaitingRoom(tmp_path, receiver)
        room.office.down("mongodb")
        with served(browser, room, PASSWORD) as made:
            yield made


def _path(visit: Visit[Room], path: str) -> str:
    return path.format(alert=visit.site.office.desk.live()[0].id)


def _acknowledge(page: Page) -> None:
    page.get_by_role("link", name="mongodb is down").click()
    form = page.locator("form").filter(has=page.get_by_role("button", name="Acknowledge"))
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("Reason").fill("The disk is being changed.")
    form.get_by_role("button", name="Acknowledge").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["JavaScript", "no JavaScript"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desk", "phone"])
def test_who_looks_after_an_alert_says_so_with_a_reason(visit: Visit[Room], size: dict[str, int], javascript: bool) -> None:
    page = visit.open("/alerts", size=size, java_script_enabled=javascript)
    _acknowledge(page)
    expect(page.get_by_text("Acknowledged. It ends by itself when the cause is gone.")).to_be_visible()
    expect(page.get_by_text("Ada: The disk is being changed.")).to_be_visible()
    expect(page.get_by_role("button", name="Acknowledge")).to_have_count(0)
    page.goto(f"{visit.url}/alerts")
    expect(page.get_by_text("Ada looks after it: The disk is being changed.")).to_be_visible()
    assert [alert.acknowledged_by for alert in visit.site.office.desk.live()] == ["Ada"]


@pytest.mark.parametrize("path", PAGES)
def test_the_pages_of_alerts_fit_a_phone(visit: Visit[Room], path: str) -> None:
    page = visit.open(_path(visit, path), size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(page, f"alerts-{PAGES.index(path)}-phone")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_the_pages_of_alerts_can_be_read_by_all(visit: Visit[Room], path: str, scheme: str) -> None:
    page = visit.open(_path(visit, path), scheme=scheme, bypass_csp=True)
    page.wait_for_load_state("load")
    assert serious_findings(page) == []
