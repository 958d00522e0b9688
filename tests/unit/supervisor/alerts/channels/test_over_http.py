"""Slack, PagerDuty and webhooks against a real receiver that checks what it gets, refuses, delays and falls silent."""

import hashlib
import hmac
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from app.supervisor.alerts.channels.channel import NotSent, retry_after
from tests.unit.supervisor.alerts.receivers import Receiver, free_port, http_receiver
from tests.unit.supervisor.alerts.telling import channel, incident, trial

KEY, SECRET = "0123456789abcdef0123456789abcdef", "a-shared-secret-of-some-length"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as running:
        yield running


def _pager(receiver: Receiver) -> Any:
    receiver.ok = (202, {}, '{"status": "success"}')
    return channel(kind="pagerduty", routing_key=KEY, url=f"{receiver.url}/v2/enqueue")


def _slack(receiver: Receiver, **changes: Any) -> Any:
    return channel(**{"kind": "slack", "url": f"{receiver.url}/services/T0/B0/secretpart", "timeout": "1s", **changes})


def _check_event(event: Any) -> None:
    """What Events API v2 demands."""
    assert event["routing_key"] == KEY
    assert event["event_action"] in {"trigger", "acknowledge", "resolve"}
    assert 0 < len(event["dedup_key"]) <= 255
    if event["event_action"] == "trigger":
        payload = event["payload"]
        assert 0 < len(payload["summary"]) <= 1024
        assert payload["severity"] in {"critical", "error", "warning", "info"}
        assert payload["source"]
        datetime.fromisoformat(payload["timestamp"])
        assert all({"href", "text"} == set(link) for link in event["links"])


def test_pagerduty_hears_of_beginning_acknowledgement_and_end_under_one_key(receiver: Receiver) -> None:
    pager = _pager(receiver)
    for message in incident():
        pager.send(message)
    events = [heard.json for heard in receiver.heard]
    for event in events:
        _check_event(event)
    assert [event["event_action"] for event in events] == ["trigger", "acknowledge", "resolve"]
    assert len({event["dedup_key"] for event in events}) == 1
    assert (events[0]["payload"]["summary"], events[0]["payload"]["severity"]) == ("P1: mongodb is down", "critical")
    assert events[0]["payload"]["component"] == "mongodb"


def test_a_test_of_pagerduty_leaves_nothing_open(receiver: Receiver) -> None:
    _pager(receiver).send(trial())
    assert [heard.json["event_action"] for heard in receiver.heard] == ["trigger", "resolve"]
    assert len({heard.json["dedup_key"] for heard in receiver.heard}) == 1


def test_slack_gets_text_and_blocks_within_its_limits(receiver: Receiver) -> None:
    _slack(receiver).send(incident()[0])
    document = receiver.heard[0].json
    assert "mongodb is down" in document["text"]
    assert document["blocks"][0]["type"] == "header"
    assert len(document["blocks"][0]["text"]["text"]) <= 150
    assert all(len(block["text"]["text"]) <= 3000 for block in document["blocks"])
    assert len(document["blocks"]) <= 50


def test_slack_that_answers_200_and_no_is_a_failure(receiver: Receiver) -> None:
    receiver.answers = [(200, {}, "no_service")]
    with pytest.raises(NotSent, match="no_service"):
        _slack(receiver).send(trial())


def test_a_webhook_can_be_verified_by_whoever_holds_the_secret(receiver: Receiver) -> None:
    message = incident()[0]
    channel(kind="webhook", url=f"{receiver.url}/hook", secret=SECRET).send(message)
    heard = receiver.heard[0]
    stamp, given = heard.headers["X-TradeAI-Timestamp"], heard.headers["X-TradeAI-Signature"]
    signed = f"{stamp}.{heard.headers['X-TradeAI-Id']}.".encode() + heard.body
    assert given == "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert heard.headers["X-TradeAI-Id"] == message.id == heard.json["id"]
    assert abs(int(stamp) - datetime.now(UTC).timestamp()) < 60
    assert heard.json["alerts"][0]["cause"] == "mongodb"
    assert heard.json["kind"] == "trigger"


def test_a_webhook_with_another_body_does_not_verify(receiver: Receiver) -> None:
    channel(kind="webhook", url=receiver.url, secret=SECRET).send(incident()[0])
    heard = receiver.heard[0]
    signed = f"{heard.headers['X-TradeAI-Timestamp']}.{heard.headers['X-TradeAI-Id']}.".encode() + heard.body + b" "
    assert heard.headers["X-TradeAI-Signature"] != "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (401, True), (404, True), (408, False), (429, False), (500, False), (503, False)]
)
def test_who_refuses_for_good_is_told_from_who_is_busy(receiver: Receiver, status: int, permanent: bool) -> None:
    receiver.answers = [(status, {}, "not today")]
    with pytest.raises(NotSent, match=rf"{status}.*not today") as error:
        _slack(receiver).send(trial())
    assert error.value.permanent is permanent


def test_the_receivers_wish_to_be_left_alone_is_passed_on(receiver: Receiver) -> None:
    receiver.answers = [(429, {"Retry-After": "37"}, "")]
    with pytest.raises(NotSent) as error:
        _slack(receiver).send(trial())
    assert error.value.retry_after == 37


def test_a_receiver_that_says_nothing_is_given_up_in_time(receiver: Receiver) -> None:
    receiver.stall = threading.Event()
    quick = _slack(receiver)
    quick._entry = quick._entry.model_copy(update={"timeout": quick._entry.timeout / 10})
    with pytest.raises(NotSent, match="no answer within") as error:
        quick.send(trial())
    assert not error.value.permanent


def test_a_receiver_that_is_away_does_not_betray_the_address() -> None:
    url = f"http://127.0.0.1:{free_port()}/services/secretpart"
    with pytest.raises(NotSent) as error:
        channel(kind="slack", url=url).send(trial())
    assert "secretpart" not in str(error.value)
    assert not error.value.permanent


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "slack", "url": "https://hooks.slack.com/services/T0/B0/secretpart"},
        {"kind": "webhook", "url": "https://user:secretpart@example.com/hook?token=secretpart", "secret": "secretpart-and-more"},
        {"kind": "apprise", "url": "twilio://account:secretpart@+4912345/+4967890"},
        {"kind": "pagerduty", "routing_key": "secretpart"},
    ],
)
def test_what_is_shown_of_a_channel_holds_no_secret(entry: dict[str, str]) -> None:
    shown = channel(**entry)
    assert "secretpart" not in shown.address
    assert "secretpart" not in repr(vars(shown)["_entry"])


NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("Mon, 02 Mar 2026 08:01:00 GMT", 60),
        ("Mon, 02 Mar 2026 07:00:00 GMT", 0),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text: str, seconds: float | None) -> None:
    assert retry_after(text, NOW) == seconds
