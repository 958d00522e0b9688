"""What is decided is told once and not lost, though receivers refuse or stall, the supervisor is killed, or the disk is full."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.supervisor.alerts import outbox
from app.supervisor.state import Phase
from tests.unit.supervisor.alerts.office import Office, wait_until
from tests.unit.supervisor.alerts.receivers import PASSWORD, USER, Receiver, certificate, free_port, http_receiver, mail_server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as running:
        yield running


def _webhook(receiver: Receiver, name: str = "hook") -> str:
    return f'[[channel]]\nname = "{name}"\nkind = "webhook"\nurl = "{receiver.url}/{name}"\nsecret = "sixteen characters"\n'


@pytest.fixture
def office(tmp_path: Path, receiver: Receiver) -> Office:
    return Office(tmp_path, _webhook(receiver))


def _kinds(receiver: Receiver) -> list[str]:
    return [heard.json["kind"] for heard in receiver.heard]


def test_a_failure_and_its_end_are_told_once_each(office: Office, receiver: Receiver) -> None:
    office.down()
    office.send()
    office.advance(30)
    office.send()
    office.service("mongodb", Phase.HEALTHY)
    office.advance(90)
    office.send()
    assert _kinds(receiver) == ["trigger", "resolve"]
    assert [delivery.state for delivery in office.deliveries] == ["sent", "sent"]


def test_killed_between_deciding_and_sending_nothing_is_lost_or_doubled(office: Office, receiver: Receiver) -> None:
    office.down()
    office.restart()
    office.advance(60)
    assert office.send() == 1
    office.restart()
    office.advance(60)
    assert office.send() == 0
    assert _kinds(receiver) == ["trigger"]


def test_killed_within_the_window_before_the_message_is_made(office: Office, receiver: Receiver) -> None:
    office.service("mongodb", Phase.FAILED)
    office.advance(33)
    assert office.desk.live()[0].stage == "firing"
    office.restart()
    office.advance(30)
    office.send()
    assert _kinds(receiver) == ["trigger"]


def test_killed_while_sending_it_is_sent_again_under_the_same_id(office: Office, receiver: Receiver) -> None:
    office.down()
    (message_id, _channel) = office.store.read("SELECT id, channel FROM messages")[0]
    assert office.desk.outbox._claim(message_id) is not None  # in hand, and then the process dies
    assert office.send() == 0
    office.restart()
    assert office.send() == 1
    assert receiver.heard[0].headers["X-TradeAI-Id"] == message_id


def test_two_processes_do_not_send_the_same_message(office: Office, receiver: Receiver) -> None:
    office.down()
    (message_id, _channel) = office.store.read("SELECT id, channel FROM messages")[0]
    assert office.desk.outbox._claim(message_id) is not None
    assert office.desk.outbox._claim(message_id) is None


def test_a_receiver_that_is_away_is_tried_again_with_longer_pauses(office: Office, receiver: Receiver) -> None:
    receiver.answers = [(503, {}, "")] * 3
    office.down()
    begin = office.clock.now()
    pauses = []
    while office.send() and office.deliveries[-1].state == "waiting":
        delivery = office.deliveries[-1]
        pauses.append((delivery.due_at - office.clock.now()).total_seconds())
        office.clock.advance(pauses[-1])
    assert pauses == [5, 10, 20]
    assert office.clock.now() == begin + timedelta(seconds=35)
    assert office.deliveries[-1].state == "sent"


def test_a_busy_receiver_is_left_alone_for_as_long_as_it_asks(office: Office, receiver: Receiver) -> None:
    receiver.answers = [(429, {"Retry-After": "90"}, "")]
    office.down()
    office.send()
    office.clock.advance(89)
    assert office.send() == 0
    office.clock.advance(2)
    assert office.send() == 1
    assert office.deliveries[-1].state == "sent"


def test_a_refusal_is_final_in_sight_and_told_over_another_channel(tmp_path: Path, receiver: Receiver) -> None:
    with http_receiver() as other:
        office = Office(tmp_path, _webhook(receiver) + _webhook(other, "other"))
        receiver.answers = [(404, {}, "no such hook")] * 9
        office.down()
        office.send()
        failed = office.desk.outbox.deliveries("state = 'failed'")
        assert [(delivery.message.channel, delivery.attempts) for delivery in failed] == [("hook", 1)]
        office.advance(15)
        office.send()
        assert [heard.json["alerts"][0]["rule"] for heard in other.heard] == ["service_down", "channel_failing"]
        assert "404" in other.heard[1].json["text"]


def test_after_the_last_attempt_it_is_given_up_and_can_be_tried_again_by_hand(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "ATTEMPTS", 4)
    receiver.answers = [(500, {}, "broken")] * 4
    office.down()
    while office.send():
        office.clock.advance(301)
    failed = office.desk.outbox.deliveries("state = 'failed'")
    assert [(delivery.attempts, delivery.error) for delivery in failed] == [(4, "it answered 500 Internal Server Error: broken")]
    assert office.desk.outbox.try_again(failed[0].message.id)
    office.send()
    assert office.desk.outbox.deliveries("state = 'failed'") == []


def test_one_channel_that_stalls_does_not_hold_up_the_others(tmp_path: Path, receiver: Receiver) -> None:
    receiver.stall = threading.Event()
    with http_receiver() as other:
        office = Office(tmp_path, _webhook(receiver) + _webhook(other, "other"))
        office.down()
        stopping = threading.Event()
        sender = threading.Thread(target=office.desk.outbox.run, args=(stopping, 0.01), daemon=True)
        sender.start()
        try:
            assert wait_until(lambda: bool(office.deliveries) and len(receiver.heard) == 1)
            assert [delivery.message.channel for delivery in office.deliveries] == ["other"]
        finally:
            receiver.stall.set()
            stopping.set()
            office.desk.outbox.wake()
            sender.join(5)


def test_the_end_is_not_told_before_the_beginning(office: Office, receiver: Receiver) -> None:
    receiver.answers = [(500, {}, "")] * 2
    office.down()
    office.send()
    office.service("mongodb", Phase.HEALTHY)
    office.advance(90)
    for _attempt in range(6):
        office.send()
        office.clock.advance(60)
    assert _kinds(receiver) == ["trigger", "trigger", "trigger", "resolve"]


def test_a_mail_server_that_is_down_for_ten_minutes_costs_no_message(tmp_path: Path) -> None:
    port, (ca_file, _key) = free_port(), certificate(tmp_path)
    settings = f"""
    [[channel]]
    name = "mail"
    kind = "mail"
    host = "127.0.0.1"
    port = {port}
    user = "{USER}"
    password = "{PASSWORD}"
    from = "tradeai@example.com"
    to = ["ops@example.com"]
    ca_file = "{ca_file}"
    """
    office = Office(tmp_path, settings)
    office.down()
    for _attempt in range(60):
        office.send()
        office.advance(10, step=10)
    assert office.desk.outbox.waiting() > 0
    with mail_server(tmp_path, port=port) as server:
        office.advance(120, step=10)
        office.send()
        assert [mail["Subject"] for mail in server.mails] == ["[TradeAI P1] mongodb is down"]


def test_a_state_file_that_takes_nothing_keeps_no_message_back(office: Office, receiver: Receiver) -> None:
    office.store._db.execute("PRAGMA query_only = ON")  # every write fails, as on a full disk
    office.down()
    office.send()
    office.advance(30)
    office.send()
    assert _kinds(receiver) == ["trigger", "trigger"]  # mongodb, and that the state cannot be stored
    assert {heard.json["alerts"][0]["rule"] for heard in receiver.heard} == {"service_down", "state_unwritable"}
    office.store._db.execute("PRAGMA query_only = OFF")
    office.advance(30)
    office.send()
    office.restart()
    office.advance(30)
    office.send()
    assert _kinds(receiver).count("trigger") == 2


def test_a_message_for_a_channel_that_is_gone_fails_in_sight(office: Office) -> None:
    office.down()
    office.file.write_text("")
    office.desk.reload()
    office.send()
    assert [delivery.error for delivery in office.desk.outbox.deliveries("state = 'failed'")] == [
        "the settings have no such channel any more"
    ]


def test_old_messages_are_forgotten(office: Office) -> None:
    office.down()
    office.send()
    office.clock.advance(31 * 86400)
    office.desk.prune()
    assert office.store.read("SELECT count(*) FROM messages") == [(0,)]


def test_a_test_is_sent_once_and_its_result_shown(office: Office, receiver: Receiver) -> None:
    receiver.answers = [(500, {}, "broken")]
    message_id = office.desk.test("hook", "Ada")
    office.send()
    office.clock.advance(3600)
    assert office.send() == 0
    delivery = office.desk.outbox.wait_for(message_id, 1)
    assert delivery is not None
    assert (delivery.state, delivery.error) == ("failed", "it answered 500 Internal Server Error: broken")


def test_messages_of_a_channel_are_counted(office: Office, receiver: Receiver) -> None:
    receiver.answers = [(500, {}, "")]
    office.down()
    office.send()
    office.clock.advance(10)
    office.send()
    assert office.desk.outbox.sent == {("hook", False): 1, ("hook", True): 1}
