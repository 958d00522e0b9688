"""The room of the alerts: pages for the signed-in operator, JSON for whoever knows the password, plain words for bad input."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.supervisor.alerts.rules import RULES
from app.supervisor.pages.alerts import alerts
from app.supervisor.pages.signing_in import OPERATOR, OperatorSession
from app.supervisor.pages.site import create_site
from app.supervisor.state import Phase
from tests.unit.supervisor.alerts.office import Office
from tests.unit.supervisor.alerts.receivers import Receiver, http_receiver

PASSWORD = "operator-password-for-tests"
API = "/api/v1/alerts"


class StillKeeper:
    """Of the loop only what the site asks for."""

    turn = 1
    stuck = False

    def __init__(self, office: Office) -> None:
        self._office = office

    @property
    def state(self) -> Any:
        return self._office.state

    def wait_for_turn(self, after: int, _seconds: float) -> int:
        return after


class Room:
    """A browser before an office with one channel."""

    keeper_type: type[StillKeeper] = StillKeeper

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        settings = (
            f'[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "{receiver.url}/secretpart"\nsecret = "sixteen characters"\n'
        )
        self.office = Office(folder, settings)
        operator = OperatorSession(b"k" * 32, lambda: PASSWORD)
        keeper: Any = self.keeper_type(self.office)
        room = alerts(self.office.desk, lambda: self.office.state, self.office.clock)
        self.site = create_site(keeper, self.office.store, self.office.clock, operator, b"c" * 32, [room])
        self.browser: FlaskClient = self.site.test_client()

    def sign_in(self) -> "Room":
        self.browser.post("/sign-in", data={"name": OPERATOR, "password": PASSWORD})
        return self

    def page(self, path: str) -> str:
        answer = self.browser.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def post(self, path: str, **fields: str) -> str:
        """Send a form and follow where it leads."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.page("/alerts"))
        assert found
        answer = self.browser.post(path, data={"csrf": found[1], **fields}, follow_redirects=True)
        return answer.text

    def api(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        answer = self.site.test_client().open(path, method=method, json=body, auth=(OPERATOR, PASSWORD))
        return answer.status_code, answer.get_json()

    def sending(self) -> None:
        """Let the outbox work beside the test until it ends."""
        self.stopping = threading.Event()
        self.sender = threading.Thread(target=self.office.desk.outbox.run, args=(self.stopping, 0.01), daemon=True)
        self.sender.start()

    def close(self) -> None:
        if hasattr(self, "sender"):
            self.stopping.set()
            self.office.desk.outbox.wake()
            self.sender.join(5)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as running:
        yield running


@pytest.fixture
def room(tmp_path: Path, receiver: Receiver) -> Iterator[Room]:
    made = Room(tmp_path, receiver)
    yield made
    made.close()


def _id(room: Room) -> str:
    return room.office.desk.live()[0].id


@pytest.mark.parametrize("path", ["/alerts", "/alerts/rules", "/alerts/channels", "/alerts/x"])
def test_pages_want_a_sign_in(room: Room, path: str) -> None:
    assert room.browser.get(path).location == "/sign-in"


@pytest.mark.parametrize("path", [API, f"{API}/rules", f"{API}/channels", f"{API}/settings", f"{API}/messages", f"{API}/recent"])
def test_the_api_wants_the_password(room: Room, path: str) -> None:
    assert room.browser.get(path).status_code == 401
    assert room.api("GET", path)[0] == 200


def test_a_form_from_elsewhere_is_refused(room: Room) -> None:
    room.office.down()
    answer = room.sign_in().browser.post(f"/alerts/{_id(room)}/acknowledge", data={"who": "Eve", "reason": "x"})
    assert answer.status_code == 403
    assert room.office.desk.live()[0].stage == "firing"


def test_the_page_says_when_all_is_well_and_when_not(room: Room) -> None:
    assert "No alerts" in room.sign_in().page("/alerts")
    room.office.service("backend", Phase.DEGRADED, "mongodb")
    room.office.down()
    page = room.page("/alerts?part=state")
    assert "1 alert" in page
    assert "mongodb is down" in page
    assert "explained by: mongodb is down" in page
    assert "<html" not in page


def test_acknowledging_from_the_page(room: Room) -> None:
    room.office.down()
    room.sign_in()
    assert "Acknowledge" in room.page(f"/alerts/{_id(room)}")
    page = room.post(f"/alerts/{_id(room)}/acknowledge", who="Ada", reason="new disk")
    assert "Ada: new disk" in page
    assert "Ada looks after it: new disk" in room.page("/alerts")


def test_acknowledging_without_a_name_says_so(room: Room) -> None:
    room.office.down()
    assert "Say who you are" in room.sign_in().post(f"/alerts/{_id(room)}/acknowledge", who=" ", reason="x")


def test_what_people_write_is_shown_as_text(room: Room) -> None:
    room.office.down()
    page = room.sign_in().post(f"/alerts/{_id(room)}/acknowledge", who="<script>alert(1)</script>", reason="x")
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_silencing_and_ending_it_from_the_page(room: Room) -> None:
    room.office.down()
    page = room.sign_in().post("/alerts/silences", rule="service_down", subject="mongodb", who="Ada", why="moves", minutes="60")
    assert "Ada: moves" in page
    silence = room.office.desk.silences[0]
    assert "The silence is over" in room.post(f"/alerts/silences/{silence.id}/end")
    assert "1 minute to 30 days" in room.post("/alerts/silences", rule="*", subject="", who="Ada", why="x", minutes="999999")


def test_rules_show_their_last_values_and_what_is_no_longer_measured(room: Room) -> None:
    room.office.measure("backup_age_h", 3.5)
    room.office.advance(2)
    assert "3.5" in room.sign_in().page("/alerts/rules")
    room.office.clock.advance(1000)
    assert "No longer measured" in room.page("/alerts/rules")


def test_a_test_from_the_page_shows_its_result_and_no_secret(room: Room, receiver: Receiver) -> None:
    room.sending()
    assert "The test was taken by hook" in room.sign_in().post("/alerts/channels/hook/test")
    receiver.answers = [(403, {}, "go away")]
    page = room.post("/alerts/channels/hook/test")
    assert "did not get through on hook: it answered 403 Forbidden: go away" in page
    assert "secretpart" not in page
    assert "There is no channel nobody" in room.post("/alerts/channels/nobody/test")


def test_failed_messages_stand_on_the_page_and_can_be_tried_again(room: Room, receiver: Receiver) -> None:
    receiver.answers = [(404, {}, "gone")]
    room.office.down()
    room.office.send()
    assert "did not get through on hook" in room.sign_in().page("/alerts")
    failed = room.office.desk.outbox.deliveries("state = 'failed'")[0]
    assert "It is tried again" in room.post(f"/alerts/messages/{failed.message.id}/retry")
    room.office.send()
    assert room.office.desk.outbox.deliveries("state = 'failed'") == []


def test_mistakes_in_the_settings_are_listed_with_their_lines(room: Room) -> None:
    room.office.file.write_text('[rules.host_cpu]\nafter = "soon"\nthreshold = "x"')
    page = room.sign_in().post("/alerts/settings/reload")
    assert "line 2" in page
    assert "rules.host_cpu.after" in page
    assert "line 3" in page


def test_without_channels_the_page_says_that_nobody_is_reached(room: Room) -> None:
    room.office.file.write_text("")
    room.office.desk.reload()
    assert "reach nobody" in room.sign_in().page("/alerts")


def test_the_api_lists_acknowledges_and_silences(room: Room) -> None:
    room.office.down()
    status, document = room.api("GET", API)
    assert (status, document["alerts"][0]["title"], document["channels"]) == (200, "mongodb is down", ["hook"])
    alert_id = document["alerts"][0]["id"]
    assert room.api("POST", f"{API}/{alert_id}/acknowledge", {"who": "Ada", "reason": "x"}) == (
        200,
        {"acknowledged": [alert_id], "who": "Ada"},
    )
    body = {"rule": "*", "subject": "redis", "seconds": 3600, "who": "Ada", "why": "moves"}
    status, made = room.api("POST", f"{API}/silences", body)
    assert (status, made["until"]) == (201, room.api("GET", f"{API}/silences")[1]["silences"][0]["until"])
    assert room.api("DELETE", f"{API}/silences/{made['id']}", {"who": "Ada"})[0] == 200
    assert room.api("GET", f"{API}/silences")[1]["silences"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "word"),
    [
        ("POST", f"{API}/nonsense/acknowledge", {"who": "Ada", "reason": "x"}, 404, "no such alert"),
        ("POST", f"{API}/nonsense/acknowledge", [1], 400, "JSON object"),
        ("POST", f"{API}/nonsense/acknowledge", {"who": 5}, 422, "who must be text"),
        ("POST", f"{API}/silences", {"rule": "nonsense", "seconds": 60, "who": "A", "why": "x"}, 422, "no rule nonsense"),
        ("POST", f"{API}/silences", {"rule": "*", "seconds": 1e99, "who": "A", "why": "x"}, 422, "seconds must be"),
        ("POST", f"{API}/silences", {"rule": "*", "seconds": "x", "who": "A", "why": "x"}, 422, "seconds must be"),
        ("POST", f"{API}/silences", {"rule": "*", "seconds": 60, "who": "", "why": "x"}, 422, "who you are"),
        ("POST", f"{API}/silences", {"rule": "*", "seconds": 60, "who": "A" * 81, "why": "x"}, 422, "up to 80"),
        ("DELETE", f"{API}/silences/nonsense", None, 404, "no such silence"),
        ("POST", f"{API}/channels/nobody/test", None, 404, "no channel nobody"),
        ("POST", f"{API}/channels/hook/test?wait=soon", None, 422, "wait must be"),
        ("POST", f"{API}/messages/nonsense/retry", None, 404, "no such message"),
        ("GET", f"{API}/recent?count=-1", None, 422, "count must be"),
    ],
)
def test_bad_input_gets_a_plain_answer(room: Room, method: str, path: str, body: Any, status: int, word: str) -> None:
    answered, document = room.api(method, path, body)
    assert answered == status
    assert word in document["detail"]


def test_the_api_tests_a_channel_and_tells_the_outcome(room: Room, receiver: Receiver) -> None:
    room.sending()
    status, document = room.api("POST", f"{API}/channels/hook/test", {"who": "Ada"})
    assert (status, document["state"]) == (200, "sent")
    receiver.answers = [(500, {}, "broken")]
    status, document = room.api("POST", f"{API}/channels/hook/test")
    assert (status, document["state"]) == (200, "failed")
    assert "500" in document["error"]


def test_the_api_tells_of_the_settings_without_secrets(room: Room) -> None:
    status, document = room.api("GET", f"{API}/settings")
    assert (status, document["good"], document["channels"]) == (200, True, ["hook"])
    room.office.file.write_text("[rules.host_cpu]\noff = 3")
    document = room.api("POST", f"{API}/settings/reload", {"who": "Ada"})[1]
    assert (document["good"], document["mistakes"][0]["line"], document["mistakes"][0]["field"]) == (
        False,
        2,
        "rules.host_cpu.off",
    )
    text = str(room.api("GET", f"{API}/channels")[1]) + str(document)
    assert "secretpart" not in text
    assert "sixteen" not in text


def test_what_to_do_is_on_the_page_of_rules_where_every_alert_leads(room: Room) -> None:
    room.office.down()
    page = room.sign_in().page(f"/alerts/{_id(room)}")
    assert 'href="/alerts/rules#service_down"' in page
    manual = room.page("/alerts/rules")
    part = manual.partition('<article id="service_down">')[2].partition("</article>")[0]
    assert "was not healed within half a minute" in part
    assert "<code>docker compose logs --tail 100 NAME</code>" in part
    for rule in RULES:
        assert f'<article id="{rule.name}">' in manual


def test_a_link_in_a_message_leads_somewhere_when_the_alert_is_over_too(room: Room) -> None:
    room.office.down()
    alert_id = _id(room)
    room.office.service("mongodb", Phase.HEALTHY)
    room.office.advance(120)
    assert room.office.desk.live() == []
    page = room.sign_in().page(f"/alerts/{alert_id}")
    assert "mongodb is down" in page
    assert "Silence it" not in page
    assert room.browser.get("/alerts/nothing").status_code == 404
    room.office.restart()
    assert alert_id not in {alert.id for alert in room.office.desk.alerts.values()}
    assert room.office.desk.known(alert_id).stage.value == "resolved"
