"""Asks the realtime service for its health, then for a WebSocket until it says welcome, as a browser would."""

import json
from collections.abc import Callable

import httpx
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from app.supervisor.probes.answer import OK, Answer, Probe, http_client, refused, silent
from app.supervisor.state import Outcome

_BEHIND = "redis"  # the only thing it depends on


def websocket_probe(url: str, greet: Callable[[str, float], str] | None = None) -> Probe:
    """A probe of the service at `url` (http); `greet` opens a socket and returns its first message."""
    first_message = greet or _first_message
    http = http_client(url)

    def ask(seconds: float) -> Answer:
        try:
            health = http.get("/health", timeout=seconds)
            welcome = json.loads(first_message(f"{url.replace('http', 'ws', 1)}/ws", seconds))
        except httpx.TimeoutException:
            return silent(f"/health gave no answer within {seconds:.0f} s")
        except httpx.HTTPError as error:
            return silent(f"{url}: {error}")
        except OSError as error:  # a TimeoutError too
            return refused("/ws", error, seconds)
        except (WebSocketException, ValueError) as error:
            return Answer(Outcome.UNREADY, f"/ws: {error}"[:200])
        return judge(health, welcome)

    return ask


def judge(health: httpx.Response, welcome: object) -> Answer:
    """The verdict on the health document and the first message."""
    if not isinstance(welcome, dict) or welcome.get("type") != "welcome":
        return Answer(Outcome.UNREADY, "/ws opens without a welcome")
    if not health.is_success:
        return Answer(Outcome.UNREADY, f"/health answers {health.status_code}")
    if health.json().get("status") == "degraded":
        return Answer(Outcome.BLAMES, "the event stream does not answer", (_BEHIND,))
    return OK


def _first_message(url: str, seconds: float) -> str:
    with connect(url, open_timeout=seconds, close_timeout=0.5, proxy=None, compression=None) as socket:
        return str(socket.recv(timeout=seconds))
