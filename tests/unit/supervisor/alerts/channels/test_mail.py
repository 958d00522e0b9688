"""Mail goes through a real server under TLS with a sign-in, as one thread, and says what is wrong when it does not."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from app.supervisor.alerts.channels.channel import NotSent
from tests.unit.supervisor.alerts.receivers import PASSWORD, USER, MailServer, free_port, mail_server
from tests.unit.supervisor.alerts.telling import channel, incident, trial


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mail")


@pytest.fixture
def server(folder: Path) -> Iterator[MailServer]:
    with mail_server(folder) as running:
        yield running


def _mail(server: MailServer, **changes: Any) -> Any:
    entry = {
        "kind": "mail",
        "host": "127.0.0.1",
        "port": server.port,
        "user": USER,
        "password": PASSWORD,
        "from": "tradeai@example.com",
        "to": ["ops@example.com", "night@example.com"],
        "ca_file": str(server.ca_file),
        "timeout": "2s",
    }
    return channel(**{**entry, **changes})


def _part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_mail_is_sent_under_tls_after_signing_in(server: MailServer) -> None:
    _mail(server).send(incident()[0])
    (mail,) = server.mails
    assert server.signed_in == [USER]
    assert (mail["Subject"], mail["To"]) == ("[TradeAI P1] mongodb is down", "ops@example.com, night@example.com")
    text = _part(mail, "plain")
    assert "Affected by it: backend" in text
    message = incident()[0]
    assert "https://trade.example/alerts/rules#service_down" in text
    assert f"https://trade.example/alerts/{message.alerts[0].id}" in text
    page = _part(mail, "html")
    assert "mongodb is down" in page
    assert '<a href="https://trade.example/alerts/rules#service_down">' in page


def test_acknowledgement_and_end_are_in_the_thread_of_the_beginning(server: MailServer) -> None:
    mails = _mail(server)
    for message in incident():
        mails.send(message)
    first, *others = server.mails
    assert [mail["Subject"].partition("]")[0] for mail in server.mails] == [
        "[TradeAI P1",
        "[TradeAI Acknowledged",
        "[TradeAI Resolved",
    ]
    assert {mail["In-Reply-To"] for mail in others} == {first["Message-ID"]}
    assert len({mail["Message-ID"] for mail in server.mails}) == 3


def test_a_message_sent_twice_has_one_id(server: MailServer) -> None:
    mails, message = _mail(server), incident()[0]
    mails.send(message)
    mails.send(message)
    assert server.mails[0]["Message-ID"] == server.mails[1]["Message-ID"]


def test_tls_from_the_start(folder: Path) -> None:
    with mail_server(folder, implicit_tls=True) as server:
        _mail(server, security="tls").send(trial())
        assert server.mails[0]["Subject"] == "[TradeAI] Test of the channel ops"


def test_a_wrong_password_is_said_and_not_shown(server: MailServer) -> None:
    with pytest.raises(NotSent, match="refuses user and password") as error:
        _mail(server, password="a-wrong-password").send(trial())
    assert "a-wrong-password" not in str(error.value)
    assert not error.value.permanent  # a mail server that lost its own directory says the same


def test_a_server_that_cannot_prove_who_it_is_gets_no_password(server: MailServer) -> None:
    with pytest.raises(NotSent, match="certificate"):
        _mail(server, ca_file=None).send(trial())
    assert server.signed_in == []


def test_a_refused_recipient_is_final(server: MailServer) -> None:
    server.refuses = "550 no such person"
    with pytest.raises(NotSent, match=r"ops@example\.com is refused: 550") as error:
        _mail(server).send(trial())
    assert error.value.permanent


def test_a_greylisting_server_is_asked_again(server: MailServer) -> None:
    server.refuses = "451 come back later"
    with pytest.raises(NotSent) as error:
        _mail(server).send(trial())
    assert not error.value.permanent


def test_a_server_that_is_away_is_named(server: MailServer) -> None:
    port = free_port()
    with pytest.raises(NotSent, match=rf"127.0.0.1:{port}.*refused") as error:
        _mail(server, port=port).send(trial())
    assert not error.value.permanent
