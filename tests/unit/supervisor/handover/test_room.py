"""The page makes reports and takes them away; the JSON does so for commands; both say whether a seal holds."""

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.clock import FixedClock
from app.core.errors import Conflict, Unavailable
from app.supervisor.handover.binder import Binder
from app.supervisor.handover.office import Office
from app.supervisor.handover.room import handover_room
from app.supervisor.pages.signing_in import OPERATOR, OperatorSession
from app.supervisor.pages.site import create_site
from app.supervisor.store import Line, StateFile
from tests.unit.supervisor.handover.given import EVERYTHING, NOW, PressHere
from tests.unit.supervisor.pages.test_site import PASSWORD, Keeper
from tests.unit.supervisor.world import World

API = "/api/v1/handover"
ID = "20260302T080000Z"


class Room:
    """The pages on evidence that is given, and a browser that is signed in."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.notes, self.evidence = folder / "handover", list[Line](), EVERYTHING
        self.office = Office(
            lambda: self.evidence, PressHere(lambda: b"\x07" * 32), Binder(self.folder), FixedClock(NOW), self.notes.append
        )
        keeper: Any = Keeper(World().healthy())
        operator = OperatorSession(b"k" * 32, lambda: PASSWORD)
        store = StateFile(folder / "state", "boot")
        site = create_site(keeper, store, FixedClock(NOW), operator, b"c" * 32, [handover_room(self.office)])
        self.browser: FlaskClient = site.test_client()
        self.stranger = site.test_client()
        self.browser.post("/sign-in", data={"name": OPERATOR, "password": PASSWORD})

    def page(self, path: str = "/handover") -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def press(self, path: str, **fields: str) -> Any:
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.page())
        assert csrf
        return self.browser.post(path, data={"csrf": csrf[1], **fields}, follow_redirects=True)

    def api(self, method: str, path: str = "", **options: Any) -> Any:
        return self.browser.open(f"{API}{path}", method=method, auth=(OPERATOR, PASSWORD), **options)

    @property
    def file(self) -> Path:
        return self.folder / f"handover-{ID}.zip"


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


@pytest.mark.parametrize("path", ["/handover", f"/handover/{ID}", f"/handover/{ID}/file", f"/handover/{ID}/handover.pdf"])
def test_pages_want_a_sign_in(room: Room, path: str) -> None:
    assert room.stranger.get(path).location == "/sign-in"


@pytest.mark.parametrize("path", [API, f"{API}/key", f"{API}/{ID}", f"{API}/{ID}/file"])
def test_json_wants_the_password(room: Room, path: str) -> None:
    assert room.stranger.get(path).status_code == 401


def test_a_form_of_another_site_makes_nothing(room: Room) -> None:
    assert room.browser.post("/handover", data={"who": "Eve"}).status_code == 403
    assert not room.folder.exists()


def test_a_report_is_made_shown_noted_and_taken_away(room: Room) -> None:
    text = room.press("/handover", who=" Ada  Example ").text
    assert "13 of 13 proven" in text
    assert "Every alert rule was tested" in text
    assert room.file.stat().st_mode & 0o777 == 0o600
    assert room.folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in room.folder.iterdir()] == [room.file.name]
    assert "Ada Example made the handover report" in room.notes[-1].text
    assert ID in room.page()
    whole = room.browser.get(f"/handover/{ID}/file")
    assert whole.data == room.file.read_bytes()
    pdf = room.browser.get(f"/handover/{ID}/handover.pdf")
    assert (pdf.mimetype, pdf.data[:5]) == ("application/pdf", b"%PDF-")
    assert "attachment" in pdf.headers["Content-Disposition"]
    assert b"Handover report" in room.browser.get(f"/handover/{ID}/handover.html").data


def test_what_is_not_proven_is_said_on_the_page(room: Room) -> None:
    room.evidence = replace(EVERYTHING, proven=None)
    text = room.press("/handover", who="Ada").text
    assert "12 of 13 proven" in text
    assert "not proven: no backup was restored yet" in text


def test_without_a_name_nothing_is_made(room: Room) -> None:
    assert "Say who makes the report" in room.press("/handover", who="  ").text
    assert not room.folder.exists()


def test_a_report_that_was_changed_is_found_out(room: Room) -> None:
    room.press("/handover", who="Ada")
    assert "It is as this appliance sealed it" in room.press(f"/handover/{ID}/check").text
    assert len(room.notes) == 1
    with zipfile.ZipFile(room.file) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["handover.html"] = content["handover.html"].replace(b"Ada", b"Eve")
    with zipfile.ZipFile(room.file, "w") as archive:
        for name, value in content.items():
            archive.writestr(name, value)
    assert "changed after it was sealed: handover.html" in room.press(f"/handover/{ID}/check").text
    assert room.api("POST", f"/{ID}/check").json["good"] is False
    assert room.notes[-1].bad


def test_commands_make_list_show_and_check(room: Room) -> None:
    assert room.api("GET").json == {"reports": []}
    assert room.api("GET", "/latest").status_code == 404
    made = room.api("POST", json={"who": "Ada"})
    assert made.status_code == 201
    assert (made.json["id"], made.json["file"], made.json["proven"], made.json["count"]) == (ID, room.file.name, 13, 13)
    assert room.api("GET").json == {"reports": [made.json]}
    assert room.api("GET", "/latest").json == made.json
    assert room.api("GET", "/key").json["fingerprint"] == made.json["key"]
    assert room.api("POST", "/latest/check").json["good"] is True
    assert room.api("GET", f"/{ID}/file").data == room.file.read_bytes()
    assert room.api("POST", json={"who": "Ada"}).status_code == 409  # within the same second


@pytest.mark.parametrize("name", ["20260302T080001Z", "..", "%2e%2e%2fstate", "x" * 300])
def test_what_does_not_exist_is_not_found(room: Room, name: str) -> None:
    assert room.browser.get(f"/handover/{name}").status_code == 404
    assert room.api("GET", f"/{name}").status_code == 404
    assert room.api("POST", f"/{name}/check").status_code == 404


def test_only_the_parts_that_are_offered_are_given(room: Room) -> None:
    room.press("/handover", who="Ada")
    assert room.browser.get(f"/handover/{ID}/seal.sig").status_code == 404


def test_a_damaged_report_is_listed_as_such(room: Room) -> None:
    room.folder.mkdir()
    room.file.write_bytes(b"PK nonsense")
    (room.folder / "handover-notes.zip").write_bytes(b"somebody's own")
    assert "Cannot be read" in room.page()
    assert "damaged" in room.page(f"/handover/{ID}")
    assert room.browser.get(f"/handover/{ID}/handover.pdf").status_code == 404
    assert [one["trouble"] != "" for one in room.api("GET").json["reports"]] == [True]
    assert "no handover report, or it is damaged" in room.press(f"/handover/{ID}/check").text


def test_a_folder_that_cannot_be_written_is_said_and_leaves_nothing(room: Room) -> None:
    room.folder.write_text("a file in its place")
    answer = room.api("POST", json={"who": "Ada"})
    assert answer.status_code == 503
    assert "could not be stored" in answer.json["detail"]
    assert room.notes == []


def test_one_at_a_time(room: Room) -> None:
    def during() -> Any:
        with pytest.raises(Conflict, match="being made"):
            room.office.make("Bob")
        return EVERYTHING

    room.office._gather = during
    room.office.make("Ada")


def test_a_report_that_could_not_be_made_does_not_block_the_next(room: Room) -> None:
    def broken() -> Any:
        raise Unavailable("not now")

    room.office._gather = broken
    with pytest.raises(Unavailable):
        room.office.make("Ada")
    room.office._gather = lambda: EVERYTHING
    assert room.office.make("Ada").id == ID


def test_the_zip_file_says_how_to_check_it(room: Room) -> None:
    data = room.office.make("Ada").path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert "openssl pkeyutl -verify" in archive.read("README.txt").decode()
