"""The Redis probe signs in and wants a PONG."""

import socket

import pytest

from app.supervisor.probes.redis import judge_reply, redis_probe
from app.supervisor.state import Outcome
from tests.unit.supervisor.probes import server


@pytest.mark.parametrize(
    ("auth", "ping", "outcome", "words"),
    [
        (b"+OK\r\n", b"+PONG\r\n", Outcome.OK, ""),
        (b"-WRONGPASS invalid username-password pair\r\n", b"-NOAUTH Authentication required.\r\n", Outcome.UNREADY, "password"),
        (b"-LOADING Redis is loading\r\n", b"-LOADING Redis is loading\r\n", Outcome.UNREADY, "LOADING"),
        (b"", b"", Outcome.SILENT, "closed"),
    ],
)
def test_replies(auth: bytes, ping: bytes, outcome: Outcome, words: str) -> None:
    answer = judge_reply(auth, ping)
    assert answer.outcome is outcome
    assert words in answer.detail


def test_only_a_redis_that_loads_its_data_recovers() -> None:
    assert judge_reply(b"+OK\r\n", b"-LOADING Redis is loading the dataset in memory\r\n").recovering
    assert not judge_reply(b"+OK\r\n", b"-MISCONF Redis is configured to save\r\n").recovering
    assert not judge_reply(b"+OK\r\n", b"+PONG\r\n").recovering


def test_the_password_is_sent_whatever_is_in_it() -> None:
    heard = []

    def serve(connection: socket.socket) -> None:
        heard.append(connection.recv(1000))
        connection.sendall(b"+OK\r\n+PONG\r\n")

    with server.tcp(serve) as port:
        assert redis_probe("127.0.0.1", port, lambda: 'a "b$\u00e9')(2).outcome is Outcome.OK
    assert heard == [b'*2\r\n$4\r\nAUTH\r\n$7\r\na "b$\xc3\xa9\r\n*1\r\n$4\r\nPING\r\n']


def test_silence_and_refusal() -> None:
    assert redis_probe("127.0.0.1", server.closed_port(), lambda: "x")(2).outcome is Outcome.SILENT

    def listens_only(connection: socket.socket) -> None:
        while connection.recv(1000):
            pass

    with server.tcp(listens_only) as port:
        answer = redis_probe("127.0.0.1", port, lambda: "x")(0.2)
    assert answer.outcome is Outcome.SILENT
    assert "no answer within" in answer.detail
