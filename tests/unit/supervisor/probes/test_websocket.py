"""The realtime probe wants health and a welcome."""

import json
import threading

import httpx
import pytest
from websockets.sync.server import serve

from app.supervisor.probes.websocket import _first_message, judge, websocket_probe
from app.supervisor.state import Outcome
from tests.unit.supervisor.probes import server

OK = httpx.Response(200, json={"status": "ok"})


@pytest.mark.parametrize(
    ("health", "welcome", "outcome"),
    [
        (OK, {"type": "welcome"}, Outcome.OK),
        (OK, {"type": "error"}, Outcome.UNREADY),
        (OK, ["welcome"], Outcome.UNREADY),
        (httpx.Response(503, text=""), {"type": "welcome"}, Outcome.UNREADY),
        (httpx.Response(200, json={"status": "degraded"}), {"type": "welcome"}, Outcome.BLAMES),
    ],
)
def test_verdicts(health: httpx.Response, welcome: object, outcome: Outcome) -> None:
    assert judge(health, welcome).outcome is outcome


def test_health_and_welcome_make_ok() -> None:
    greeted = []

    def greet(url: str, seconds: float) -> str:
        greeted.append((url, seconds))
        return json.dumps({"type": "welcome"})

    with server.http({"/health": (200, '{"status": "ok"}')}) as url:
        assert websocket_probe(url, greet)(2).outcome is Outcome.OK
    assert greeted == [(url.replace("http", "ws") + "/ws", 2)]


def test_no_socket_behind_a_good_health_is_noticed() -> None:
    with server.http({"/health": (200, '{"status": "ok"}')}) as url:
        answer = websocket_probe(url)(1)
    assert answer.outcome is Outcome.UNREADY
    assert "/ws" in answer.detail


def test_nobody_there_and_too_slow_are_silence() -> None:
    assert websocket_probe(f"http://127.0.0.1:{server.closed_port()}")(1).outcome is Outcome.SILENT
    with server.http({}, slow=frozenset({"/health"})) as url:
        assert websocket_probe(url)(0.2).outcome is Outcome.SILENT


def test_the_first_message_of_a_real_socket() -> None:
    with serve(lambda socket: socket.send("hello"), "127.0.0.1", 0) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        port = listening.socket.getsockname()[1]
        assert _first_message(f"ws://127.0.0.1:{port}/ws", 2) == "hello"
        listening.shutdown()
