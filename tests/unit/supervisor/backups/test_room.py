"""The pages and the JSON of the backups: what is shown, what can be asked for, and what is refused in words."""

import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.backup.orders import done, next_order, waiting
from app.backup.owed import owed
from app.backup.progress import ProgressFile
from app.backup.records import Record, keep_record
from app.backup.reports import Report, Step, keep_report
from app.backup.shelf import Backup, write_json
from app.core.clock import FixedClock
from app.supervisor.backups.clerk import Clerk
from app.supervisor.backups.conduct import Conductor
from app.supervisor.backups.room import backups_room
from app.supervisor.pages.signing_in import OPERATOR, OperatorSession
from app.supervisor.pages.site import create_site
from app.supervisor.store import StateFile
from tests.unit.backup.conftest import MOMENT, backup  # noqa: F401 - a fixture
from tests.unit.supervisor.pages.test_site import PASSWORD, Keeper
from tests.unit.supervisor.world import World

NAME = "20260301T020000Z-ab12"
NOW = MOMENT + timedelta(hours=5)


class Room:
    """A site with backups, and a browser that is signed in."""

    keeper_type: type[Keeper] = Keeper

    def __init__(self, folder: Path) -> None:
        clock = FixedClock(NOW)
        self.clerk, self.notes = Clerk(folder, clock), list[str]()
        keeper = self.keeper_type(World().healthy())
        self.conductor = Conductor(self.clerk, keeper, lambda text, _bad: self.notes.append(text))  # type: ignore[arg-type]
        room = backups_room(self.clerk, self.conductor, clock, lambda text, _bad: self.notes.append(text))
        operator = OperatorSession(b"k" * 32, lambda: PASSWORD)
        store = StateFile(folder / "state", "boot")
        self.site = create_site(keeper, store, clock, operator, b"c" * 32, [room])  # type: ignore[arg-type]
        self.browser: FlaskClient = self.site.test_client()
        self.browser.post("/sign-in", data={"name": OPERATOR, "password": PASSWORD})

    def page(self, path: str = "/backups") -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def press(self, path: str, follow: bool = True, **fields: str) -> str:
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.page())
        assert csrf
        answer = self.browser.post(path, data={"csrf": csrf[1], **fields}, follow_redirects=follow)
        return answer.text

    def api(self, method: str, path: str = "", **options: Any) -> TestResponse:
        return self.browser.open(f"/api/v1/backups{path}", method=method, auth=(OPERATOR, PASSWORD), **options)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


@pytest.fixture
def filled(tmp_path: Path, backup: Callable[..., Backup]) -> Room:  # noqa: F811
    made = backup(NAME)
    write_json(made.folder / "proof.json", {"ok": True, "at": NOW.isoformat(), "seconds": 12.3})
    return Room(tmp_path)


def test_an_empty_room_says_what_will_happen(room: Room) -> None:
    assert "There is no backup yet. The first one is made at 02:00 UTC" in room.page()
    assert "There is no backup yet" in room.page("/backups/retention")


def test_what_would_be_deleted_is_shown_before_it_is(filled: Room, backup: Callable[..., Backup]) -> None:  # noqa: F811
    earlier = backup("20260301T010000Z-cd34", started_at=MOMENT - timedelta(hours=1), ended_at=MOMENT - timedelta(hours=1)).id
    page = filled.page("/backups/retention")
    kept, doomed = (page.split(name)[-1].split("</tr>")[0] for name in (NAME, earlier))
    assert "kept" in kept
    assert "newest, last proven" in kept
    assert "deleted" in doomed
    assert "Delete them" in page
    assert "It is ordered" in filled.press("/backups/run/prune")
    shutil.rmtree(filled.clerk.shelf.find(earlier).folder)
    assert "Delete them" not in filled.page("/backups/retention")


def test_a_drill_stands_with_its_words_and_how_long_it_took(filled: Room) -> None:
    began = NOW - timedelta(seconds=95)
    keep_record(
        filled.clerk.shelf, Record("20260301T060000-0", "drill", "schedule", began, NOW, True, "restored and compared", NAME)
    )
    drills = filled.page().split("<h2>Drills</h2>")[1].split("</section>")[0]
    assert "restored and compared" in drills
    assert "took 1 min" in drills


def test_the_page_shows_age_proof_and_how_long_a_restore_would_take(filled: Room) -> None:
    page = filled.page()
    for words in (NAME, "Proven", "about 12 s", "5 h ago", "Size of a backup"):
        assert words in page


def test_a_backup_that_cannot_be_used_says_why(filled: Room, tmp_path: Path) -> None:
    (tmp_path / "database" / NAME / "manifest.json").write_text("{")
    assert "cannot be read. Use another backup" in filled.page()
    assert "Cannot be used" in filled.page()
    assert filled.page(f"/backups/{NAME}")


def test_a_button_places_an_order_once(room: Room) -> None:
    assert "It is ordered" in room.press("/backups/run/backup")
    assert "ordered already" in room.press("/backups/run/backup")
    (order,) = waiting(room.clerk.shelf)
    assert (order.kind, order.who, order.arguments) == ("backup", OPERATOR, ("hand",))


def test_progress_is_shown_and_the_page_comes_again(room: Room) -> None:
    file = ProgressFile(room.clerk.shelf.work / "progress.json", "backup", FixedClock(NOW))
    file.step("dump", 200)
    file._now["done"] = 50
    file._write()
    page = room.page()
    assert "25 %" in page
    assert 'http-equiv="refresh"' in page
    file.over()
    assert 'http-equiv="refresh"' not in room.page()


@pytest.mark.parametrize("path", ["/backups/run/restore", "/backups/run/undo", "/backups/run/nothing"])
def test_what_is_no_button_is_no_address(filled: Room, path: str) -> None:
    assert "There is no such action" in filled.press(path)
    assert waiting(filled.clerk.shelf) == []


def test_restoring_asks_for_a_check_first_then_for_the_name(filled: Room) -> None:
    page = f"/backups/{NAME}"
    assert "Type the backup" not in filled.page(page)
    assert "nothing is changed" in filled.press(f"{page}/check")
    order = next_order(filled.clerk.shelf)
    assert order
    assert order.arguments == (NAME, "--check")
    keep_record(filled.clerk.shelf, Record(order.id, "restore", "x", NOW, NOW, True, "can be restored", NAME, {"documents": 3}))
    done(filled.clerk.shelf, order)
    assert "Type the backup" in filled.page(page)
    assert "Nothing was changed: type the backup" in filled.press(f"{page}/restore", confirm="something else")
    assert filled.notes == []


def test_a_download_is_the_archive_and_stands_in_the_journal(filled: Room) -> None:
    answer = filled.browser.get(f"/backups/{NAME}/download")
    assert answer.data[:2] == b"\x1f\x8b"
    assert f"{NAME}.archive.gz" in answer.headers["Content-Disposition"]
    assert filled.notes == [f"operator downloads the backup {NAME}"]
    (entry,) = owed(filled.clerk.shelf)
    assert (entry.action, entry.who, entry.backup) == ("backup.downloaded", OPERATOR, NAME)


def test_what_cannot_be_written_down_for_the_audit_trail_is_not_given_away(filled: Room) -> None:
    filled.clerk.shelf.work.mkdir(exist_ok=True)
    (filled.clerk.shelf.work / "owed").write_text("no folder")
    answer = filled.browser.get(f"/backups/{NAME}/download")
    assert answer.status_code == 503
    assert filled.notes == []


@pytest.mark.parametrize("path", [f"/backups/{NAME}/download", "/backups", f"/backups/{NAME}", "/backups/retention"])
def test_nobody_sees_anything_without_signing_in(filled: Room, path: str) -> None:
    answer = filled.browser.application.test_client().get(path)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert filled.notes == []


@pytest.mark.parametrize("name", ["nothing", "..", "%2e%2e%2fdatabase", f"{NAME}.partial"])
def test_a_name_that_is_none_is_not_found(filled: Room, name: str) -> None:
    assert filled.browser.get(f"/backups/{name}/download").status_code == 404


def test_the_api_lists_and_orders_and_tells_the_outcome(filled: Room) -> None:
    listed = filled.api("GET").get_json()
    assert [one["id"] for one in listed["backups"]] == [NAME]
    assert listed["backups"][0]["documents"] == 3
    answer = filled.api("POST", "/tasks", json={"kind": "drill", "backup": "latest", "who": "a person"})
    assert answer.status_code == 202
    task = answer.get_json()
    assert task["backup"] == NAME
    assert filled.api("GET", f"/tasks/{task['id']}").get_json()["over"] is False
    keep_record(filled.clerk.shelf, Record(task["id"], "drill", "a person", NOW, NOW, False, "it came back different", NAME))
    over = filled.api("GET", f"/tasks/{task['id']}").get_json()
    assert (over["over"], over["ok"], over["text"]) == (True, False, "it came back different")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/tasks", {"kind": "restore"}, 404),
        ("POST", "/tasks", {"kind": "drill", "backup": "nothing"}, 404),
        ("POST", "/tasks", {"kind": 5}, 422),
        ("GET", "/tasks/nothing", None, 404),
        ("POST", "/nothing/restore", {}, 404),
    ],
)
def test_the_api_refuses_what_makes_no_sense(filled: Room, method: str, path: str, body: Any, status: int) -> None:
    answer = filled.api(method, path, json=body) if body is not None else filled.api(method, path)
    assert answer.status_code == status, answer.text
    assert answer.get_json()["detail"]


def test_a_part_of_a_backup_is_ordered_beside_the_live_data(filled: Room) -> None:
    answer = filled.api("POST", f"/{NAME}/side", json={"side": "look", "part": "customer", "name": "c1", "who": "Ada"})
    assert answer.status_code == 202, answer.text
    (order,) = waiting(filled.clerk.shelf)
    assert (order.kind, order.who, order.arguments) == ("side", "Ada", (NAME, "look", "customer=c1"))
    assert filled.api("POST", "/nothing/side", json={"side": "s", "part": "customer", "name": "c1"}).status_code == 404
    assert filled.api("POST", f"/{NAME}/side", json={"side": "s", "part": "database", "name": "c1"}).status_code == 422


def test_the_page_orders_a_part_and_shows_its_comparison(filled: Room) -> None:
    page = f"/backups/{NAME}"
    assert "Name the new database" in filled.press(f"{page}/side", side="look", part="customer", name=" ")
    assert waiting(filled.clerk.shelf) == []
    assert "this page shows the comparison" in filled.press(f"{page}/side", side="look", part="customer", name="c1")
    order = next_order(filled.clerk.shelf)
    assert order
    assert order.arguments == (NAME, "look", "customer=c1")
    compared = {"sales": {"missing": 21, "added": 32, "changed": 43, "equal": 54}}
    text = "It lies beside:\nsales: 21 only in the backup"
    keep_record(filled.clerk.shelf, Record(order.id, "side", "x", NOW, NOW, True, text, NAME, {"collections": compared}))
    done(filled.clerk.shelf, order)
    shown = filled.page(page).split("A part of it")[1].split("</table>")[0]
    for words in ("It lies beside:", "Only in the backup", "21", "32", "43", "54"):
        assert words in shown


def test_the_page_shows_the_last_good_copy_elsewhere_when_the_newest_failed(filled: Room) -> None:
    hours_ago = NOW - timedelta(hours=3)
    keep_record(filled.clerk.shelf, Record("20260301T040000-0", "offsite", "x", hours_ago, hours_ago, True, "lies there", NAME))
    keep_record(filled.clerk.shelf, Record("20260301T060000-0", "offsite", "x", NOW, NOW, False, "the target is down", NAME))
    page = filled.page()
    assert "the target is down" in page
    assert "the newest copy that lies there: 3 h ago" in page


def test_the_schedule_places_its_orders_once_and_tells_the_figures(filled: Room) -> None:
    write_json(filled.clerk.shelf.work / "schedule.json", {"since": (NOW - timedelta(days=30)).isoformat()})
    told = {measured.name: measured.value for measured in filled.clerk.read()}
    assert told["backup_age_h"] == 5
    assert told["proof_age_days"] == 0
    list(filled.clerk.read())
    assert [order.kind for order in waiting(filled.clerk.shelf)] == ["backup", "prune"]


def test_a_restore_that_was_left_in_the_middle_is_told_unless_somebody_is_at_it(filled: Room) -> None:
    def told() -> float:
        return {measured.name: measured.value for measured in filled.clerk.read()}["restore_unfinished"]

    assert told() == 0
    write_json(filled.clerk.shelf.work / "restore.json", {"step": "switch", "backup": NAME})
    assert told() == 1
    filled.clerk.order("undo", "supervisor")
    assert told() == 0


def test_the_report_of_a_quarters_test_is_kept_shown_and_told(filled: Room) -> None:
    steps = (Step("backup", NOW, 3.0, "good", "made"), Step("load", NOW, 20.0, "bad", "7 errors"))
    keep_report(filled.clerk.shelf, Report("20260301T070000Z", "Ada", NOW, NOW + timedelta(minutes=2), steps))
    assert "/backups/tests/20260301T070000Z" in filled.page()
    page = filled.page("/backups/tests/20260301T070000Z")
    for words in ("Went wrong", "7 errors", "Back up", "Ada", "20 s"):
        assert words in page
    assert filled.api("GET", "/reports").get_json()["reports"][0]["good"] is False
    assert filled.api("GET", "/reports/20260301T070000Z").get_json()["steps"][1]["outcome"] == "bad"
    assert filled.api("GET", "/reports/..%2flock").status_code == 404
    assert filled.browser.get("/backups/tests/nothing").status_code == 404
    told = {measured.name: measured.value for measured in filled.clerk.read()}
    assert told["recovery_test_failed"] == 1
    assert "It is ordered" in filled.press("/backups/run/quarterly")


def test_a_copy_elsewhere_stands_beside_its_backup(filled: Room) -> None:
    folder = filled.clerk.shelf.find(NAME).folder
    write_json(folder / "offsite.json", {"target": "s3:bucket/tradeai", "at": NOW.isoformat(), "sealed": True, "files": {}})
    assert "sealed" in filled.page()
    assert "s3:bucket/tradeai" in filled.page(f"/backups/{NAME}")
    assert filled.api("GET").get_json()["backups"][0]["copied"]["sealed"] is True


def test_what_the_host_has_done_is_on_the_page(filled: Room) -> None:
    keep_record(
        filled.clerk.shelf, Record("20260301T060000-00001111", "system", "root", NOW, NOW, False, "The redis could not be saved")
    )
    keep_record(filled.clerk.shelf, Record("20260301T060001-00001111", "update", "root", NOW, NOW, True, "Updated from a to b"))
    page = filled.page()
    for words in ("Whole system", "failed", "The redis could not be saved", "Updated from a to b"):
        assert words in page
