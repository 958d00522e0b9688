"""The pages of the backups in a browser: somebody finds a backup and restores it, on a desk and on a phone.

That they fit a phone and all can read them: test_keeper_rooms.py. The deployed appliance is in tests/e2e.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.backup.orders import done, next_order
from app.backup.records import Record, keep_record
from app.backup.reports import Report, Step, keep_report
from app.backup.shelf import Backup, write_json
from tests.browser.keeper_site import Visit, served
from tests.browser.opening import PHONE, WIDE
from tests.unit.backup.conftest import MOMENT, backup  # noqa: F401 - a fixture
from tests.unit.supervisor.backups.test_room import NAME, NOW, Room
from tests.unit.supervisor.pages.test_site import PASSWORD, Keeper

REPORT = "20260301T070000Z"


class WaitingKeeper(Keeper):
    """Whoever follows the page waits, as for a loop on which nothing happens."""

    def wait_for_turn(self, after: int, seconds: float) -> int:
        threading.Event().wait(min(seconds, 1))
        return after


class WaitingRoom(Room):
    keeper_type = WaitingKeeper


@pytest.fixture
def visit(browser: Browser, tmp_path: Path, backup: Callable[..., Backup]) -> Iterator[Visit[WaitingRoom]]:  # noqa: F811
    """A proven backup, one that would be deleted, one that is damaged, drills, copies, and the test of a quarter."""
    proven, older, damaged = (
        backup(name, started_at=at, ended_at=at)
        for name, at in (
            (NAME, MOMENT),
            ("20260301T010000Z-cd34", MOMENT - timedelta(hours=1)),
            ("20260228T020000Z-ef56", MOMENT - timedelta(days=1)),
        )
    )
    write_json(proven.folder / "proof.json", {"ok": True, "at": NOW.isoformat(), "seconds": 12.3})
    write_json(older.folder / "offsite.json", {"target": "s3:bucket/tradeai", "at": NOW.isoformat(), "sealed": True, "files": {}})
    write_json(
        damaged.folder / "proof.json", {"ok": False, "at": NOW.isoformat(), "reason": "It was cut short.", "damaged": True}
    )
    room = WaitingRoom(tmp_path)
    shelf, began = room.clerk.shelf, NOW - timedelta(minutes=2)
    keep_record(shelf, Record("20260301T060000-0", "drill", "schedule", began, NOW, True, "It was restored and compared.", NAME))
    keep_record(shelf, Record("20260301T060001-0", "offsite", "schedule", began, NOW, False, "The target is down.", NAME))
    steps = (Step("backup", NOW, 3.0, "good", "made"), Step("load", NOW, 20.0, "bad", "7 errors"))
    keep_report(shelf, Report(REPORT, "Ada", NOW, NOW + timedelta(minutes=2), steps))
    with served(browser, room, PASSWORD) as made:
        yield made


@pytest.mark.parametrize("javascript", [True, False], ids=["JavaScript", "no JavaScript"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desk", "phone"])
def test_a_backup_is_looked_at_then_restored_by_its_name(
    visit: Visit[WaitingRoom], size: dict[str, int], javascript: bool
) -> None:
    shelf = visit.site.clerk.shelf
    page = visit.open("/backups", size=size, java_script_enabled=javascript)
    page.get_by_role("link", name=NAME, exact=True).first.click()
    expect(page.get_by_label("Type the backup's name to confirm")).to_have_count(0)
    page.get_by_role("button", name="Look whether it can be restored").click()
    order = next_order(shelf)
    assert order
    assert order.arguments == (NAME, "--check")
    keep_record(shelf, Record(order.id, "restore", order.who, NOW, NOW, True, "It can be restored here.", NAME, {"documents": 3}))
    done(shelf, order)
    page.goto(f"{visit.url}/backups/{NAME}")
    expect(page.get_by_text("It can be restored here.")).to_be_visible()
    page.get_by_label("Type the backup's name to confirm").fill("another")
    page.get_by_role("button", name=f"Restore {NAME}").click()
    expect(page.get_by_text("Nothing was changed: type the backup's name to confirm.")).to_be_visible()


def test_what_would_be_deleted_is_seen_before_it_is(visit: Visit[WaitingRoom]) -> None:
    page = visit.open("/backups")
    page.get_by_role("link", name="What would be deleted").click()
    doomed = page.get_by_role("row").filter(has_text="20260301T010000Z-cd34")
    expect(doomed.get_by_text("deleted")).to_be_visible()
    page.get_by_role("button", name="Delete them").click()
    expect(page.get_by_text("It is ordered; this page shows how far it is.")).to_be_visible()
    order = next_order(visit.site.clerk.shelf)
    assert order
    assert order.kind == "prune"
