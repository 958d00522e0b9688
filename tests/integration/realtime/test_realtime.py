"""The WebSocket server on a real Redis: the protocol of docs/realtime.md, line by line."""

import signal
import socket
from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from app.access import tickets
from app.access.models import Principal, Role
from app.core import events
from app.core.events import emit
from app.core.jobs import cancel, enqueue
from tests.integration.processes import Wire, wait_until
from tests.integration.realtime.conftest import Client, Server

Open = Callable[..., Client]


def test_everybody_gets_a_welcome_and_a_pong(open_client: Open) -> None:
    client = open_client()
    assert client.welcome["heartbeat_seconds"] == 25
    client.send(type="ping", id=7)
    assert client.expect("pong")["id"] == 7


def test_without_signing_in_no_topic_is_heard(open_client: Open) -> None:
    client = open_client()
    answer = client.subscribe("promotions")
    assert answer["topics"] == []
    assert answer["refused"] == [{"topic": "promotions", "reason": "Sign in first."}]
    emit("promotions", "promotion.created", {"id": "prm_1"})
    client.send(type="ping")
    client.expect("pong")


def test_a_ticket_signs_in_once(open_client: Open) -> None:
    ticket = tickets.issue(Principal("usr_1", "Ana", "ana@example.com", Role.VIEWER), "ses_1")
    client = open_client()
    client.send(type="sign_in", ticket=ticket)
    assert client.expect("signed_in") == {"type": "signed_in", "user_id": "usr_1", "name": "Ana", "role": "viewer"}
    second = open_client()
    for _ in range(3):
        second.send(type="sign_in", ticket=ticket)
        assert second.expect("error")["code"] == "sign_in_failed"
    assert second.closed() == (4401, "sign in failed")


def test_events_reach_who_subscribed_and_nobody_else(open_client: Open) -> None:
    listener, other = open_client(), open_client()
    listener.sign_in()
    other.sign_in()
    listener.subscribe("promotions", "imports/imp_1")
    other.subscribe("customers")
    emit("imports/imp_1", "job.progress", {"done": 1, "name": "Zoë"}, actor="usr_1")
    message = listener.expect("event")
    assert (message["topic"], message["event"], message["data"]) == ("imports/imp_1", "job.progress", {"done": 1, "name": "Zoë"})
    assert "actor" not in message
    other.send(type="ping")
    other.expect("pong")


def test_unsubscribed_topics_are_silent(open_client: Open) -> None:
    client = open_client()
    client.sign_in()
    client.subscribe("promotions", "customers")
    client.send(type="unsubscribe", topics=["promotions"])
    assert client.expect("unsubscribed")["topics"] == ["promotions"]
    emit("promotions", "promotion.created", {})
    emit("customers", "customer.created", {})
    assert client.expect("event")["topic"] == "customers"


@pytest.mark.parametrize(
    ("role", "topic", "heard"),
    [
        (Role.VIEWER, "promotions", True),
        (Role.VIEWER, "users", False),
        (Role.MANAGER, "users", True),
        (Role.OPERATOR, "sales", False),
        (Role.ADMINISTRATOR, "security", False),
        (Role.ADMINISTRATOR, "nonsense", False),
        (Role.ADMINISTRATOR, "customers/cus_1", False),
    ],
)
def test_topics_need_the_permission_of_their_subject(open_client: Open, role: Role, topic: str, heard: bool) -> None:
    client = open_client()
    client.sign_in(role)
    answer = client.subscribe(topic)
    assert (topic in answer["topics"], bool(answer["refused"])) == (heard, not heard)


def test_a_job_is_watched_by_who_started_it_and_by_who_may_see_its_subject(open_client: Open) -> None:
    job = enqueue("app.nowhere:nothing", {}, title="T", topic="imports/imp_1", who="usr_owner")
    private = enqueue("app.nowhere:nothing", {}, title="T", topic="", who="usr_owner")
    owner, viewer, stranger = open_client(), open_client(), open_client()
    owner.sign_in(Role.OPERATOR, "usr_owner")
    viewer.sign_in(Role.VIEWER, "usr_viewer")
    assert owner.subscribe(f"jobs/{private}", f"jobs/{job}")["refused"] == []
    assert viewer.subscribe(f"jobs/{private}", f"jobs/{job}")["topics"] == [f"jobs/{job}"]
    assert stranger.subscribe(f"jobs/{job}")["topics"] == []


def test_what_became_of_ones_jobs_is_told_to_nobody_else(open_client: Open) -> None:
    owner, administrator = open_client(), open_client()
    owner.sign_in(Role.VIEWER, "usr_owner")
    administrator.sign_in(Role.ADMINISTRATOR, "usr_admin")
    assert owner.subscribe("people/usr_owner")["topics"] == ["people/usr_owner"]
    assert administrator.subscribe("people/usr_owner")["topics"] == []
    cancel(enqueue("app.nowhere:nothing", {}, title="T", topic="", who="usr_owner"))
    told = owner.expect("event")
    assert (told["event"], told["data"]["title"]) == ("job.cancelled", "T")
    administrator.send(type="ping")
    administrator.expect("pong")


def test_a_reconnect_misses_nothing_and_repeats_nothing(open_client: Open) -> None:
    first = open_client()
    first.sign_in()
    first.subscribe("sales", "imports")
    emit("sales", "sales.landed", {"n": 0})
    last = first.expect("event")["id"]
    first.connection.close()
    for number in range(1, 4):
        emit("sales", "sales.landed", {"n": number})
        emit("customers", "customer.created", {"n": number})
    again = open_client()
    again.sign_in()
    again.subscribe("sales", since=last)
    emit("sales", "sales.landed", {"n": 4})
    heard = []
    while len(heard) < 4:
        message = again.receive()
        if message["type"] == "event":
            heard.append(message["data"]["n"])
    assert heard == [1, 2, 3, 4]


@pytest.mark.usefixtures("wire")
def test_resuming_reaches_back_before_the_server_started(open_client: Open, server: Server, redis_client: Any) -> None:
    """The memory of the server holds only the newest events; the rest comes from the stream."""
    oldest = emit("sales", "sales.landed", {"n": 0})
    with redis_client.pipeline(transaction=False) as pipe:
        for number in range(1, 2600):
            fields = {"topic": "sales", "type": "sales.landed", "data": f'{{"n":{number}}}', "actor": "", "at": ""}
            pipe.xadd(events.STREAM, fields)
        pipe.execute()
    server.restart()
    client = open_client()
    client.sign_in()
    client.subscribe("sales", since=oldest)
    assert [client.expect("event")["data"]["n"] for _ in range(2599)] == list(range(1, 2600))
    client.expect("caught_up")


@pytest.mark.usefixtures("wire")
def test_an_id_older_than_the_stream_gets_resync(open_client: Open, redis_client: Any) -> None:
    old = emit("sales", "sales.landed", {"n": 0})
    newest = [emit("sales", "sales.landed", {"n": number}) for number in range(1, 5)][-1]
    redis_client.xtrim(events.STREAM, maxlen=2, approximate=False)
    client = open_client()
    client.sign_in()
    # Force the way through the stream: the server's memory still has them.
    client.subscribe("sales", since="1-0")
    message = client.expect("resync")
    assert message["topics"] == ["sales"]
    assert message["resume_from"] == newest
    assert old is not None
    client.expect("caught_up")
    emit("sales", "sales.landed", {"n": 9})
    assert client.expect("event")["data"] == {"n": 9}


def test_redis_away_keeps_the_sockets_and_catches_up(open_client: Open, server: Server, wire: Wire) -> None:
    client = open_client()
    client.sign_in()
    client.subscribe("sales")
    wire.cut()
    client.expect("degraded")
    assert server.get("/health").json()["status"] == "degraded"
    emit("sales", "sales.landed", {"n": 1})
    newcomer = open_client()
    newcomer.expect("degraded")
    wire.mend()
    assert client.expect("event")["data"] == {"n": 1}
    client.expect("recovered")
    wait_until(lambda: server.get("/health").json()["status"] == "ok")


def test_events_lost_while_redis_was_away_make_everyone_start_again(
    open_client: Open, server: Server, wire: Wire, redis_client: Any
) -> None:
    client = open_client()
    client.sign_in()
    client.subscribe("sales")
    emit("sales", "sales.landed", {"n": 0})
    last = client.expect("event")["id"]
    wire.cut()
    client.expect("degraded")
    redis_client.delete(events.STREAM)
    emit("sales", "sales.landed", {"n": 1})
    wire.mend()
    assert client.closed() == (1001, "events were lost; load again")
    wait_until(lambda: server.get("/health").json()["status"] == "ok")
    again = open_client()
    again.sign_in()
    again.subscribe("sales", since=last)
    again.expect("resync")


def test_an_ended_session_closes_its_sockets_only(open_client: Open) -> None:
    ended, other_session, other_person = open_client(), open_client(), open_client()
    ended.sign_in(user_id="usr_ended", session_id="ses_1")
    other_session.sign_in(user_id="usr_ended", session_id="ses_2")
    other_person.sign_in(user_id="usr_other", session_id="ses_3")
    emit("security", "session.ended", {"user_id": "usr_ended", "session_id": "ses_1"})
    assert ended.closed(3) == (4401, "sign-in ended")
    for client in (other_session, other_person):
        client.send(type="ping")
        client.expect("pong")
    emit("security", "user.changed", {"user_id": "usr_ended", "because": "role", "kept": ""})
    assert other_session.closed(3) == (4401, "sign-in ended")


def test_a_ticket_issued_before_the_sign_in_ended_does_not_sign_in(open_client: Open, server: Server) -> None:
    ticket = tickets.issue(Principal("usr_1", "Ana", "ana@example.com", Role.ADMINISTRATOR), "ses_1")
    changed = emit("security", "user.changed", {"user_id": "usr_1", "because": "role", "kept": ""})
    wait_until(lambda: server.get("/health").json()["newest"] == changed)
    client = open_client()
    client.send(type="sign_in", ticket=ticket)
    assert client.closed() == (4401, "sign-in ended")


@pytest.mark.usefixtures("wire")
def test_a_slow_reader_is_dropped_with_a_reason_and_others_are_not(open_client: Open, server: Server) -> None:
    quick = open_client()
    quick.sign_in()
    quick.subscribe("sales")
    slow = _sleepy_client(server)
    payload = {"text": "x" * 200_000}
    sent = 0

    def dropped() -> bool:
        nonlocal sent
        emit("sales", "sales.landed", {**payload, "n": sent})
        assert quick.expect("event", 30)["data"]["n"] == sent
        sent += 1
        return 'tradeai_realtime_drops_total{reason="too_slow"} 1.0' in server.get("/metrics").text

    wait_until(dropped, 60, "the slow reader is dropped")
    slow.close()
    wait_until(lambda: server.get("/health").json()["sockets"] == 1, 30, "the slow reader is gone")


def test_messages_that_are_no_messages_close_the_socket(open_client: Open) -> None:
    client = open_client()
    for _ in range(3):
        client.connection.send("[1,2")
        assert client.expect("error")["code"] == "not_a_message"
    assert client.closed() == (4400, "not a message")


def test_a_message_that_is_too_large_closes_the_socket(open_client: Open) -> None:
    client = open_client()
    client.connection.send("x" * 5000)
    assert client.closed()[0] == 1009


def test_too_many_messages_close_the_socket(open_client: Open) -> None:
    client = open_client()
    for _ in range(200):
        client.connection.send('{"type":"ping"}')
    assert client.closed() == (4429, "too many messages")


@pytest.mark.parametrize("topics", ["sales", [1], [""], ["a/b/c"], ["x" * 200], None])
def test_nonsense_topics_are_refused_in_words(open_client: Open, topics: Any) -> None:
    client = open_client()
    client.sign_in()
    client.send(type="subscribe", topics=topics)
    assert client.expect("error")["code"] == "bad_request"


def test_pages_of_other_hosts_may_not_connect(open_client: Open, server: Server) -> None:
    open_client(origin=f"http://127.0.0.1:{server.port}")
    with pytest.raises(InvalidStatus) as refusal:
        open_client(origin="https://evil.example")
    assert refusal.value.response.status_code == 403


def test_other_addresses_answer_over_http(server: Server) -> None:
    assert server.get("/health").json()["service"] == "realtime"
    assert "tradeai_realtime_sockets " in server.get("/metrics").text
    assert server.get("/elsewhere").status_code == 404
    assert server.get("/ws").status_code == 426


@pytest.mark.usefixtures("wire")
def test_sigterm_says_goodbye_to_everyone(open_client: Open, server: Server) -> None:
    clients = [open_client() for _ in range(5)]
    server.signal(signal.SIGTERM)
    assert [client.closed() for client in clients] == [(1001, "server restarts")] * 5
    assert server.process.wait(10) == 0


@pytest.mark.usefixtures("wire")
def test_secrets_never_reach_the_log(open_client: Open, server: Server) -> None:
    client = open_client()
    ticket = tickets.issue(Principal("usr_1", "Ana", "ana@example.com", Role.VIEWER), "ses_1")
    client.send(type="sign_in", ticket=ticket)
    client.expect("signed_in")
    client.connection.close()
    wait_until(lambda: "socket closed" in server.output)
    assert ticket not in server.output


def _sleepy_client(server: Server) -> socket.socket:
    """A client that signs in, subscribes, and then never reads again."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    narrow.connect(("127.0.0.1", server.port))
    connection = connect(f"ws://127.0.0.1:{server.port}/ws", sock=narrow, compression=None, max_queue=1)
    client = Client(connection)
    client.sign_in(user_id="usr_sleepy")
    client.subscribe("sales")
    return connection.socket
