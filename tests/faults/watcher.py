"""Follows the supervisor's own word about each service. Its moments are the supervisor's, so looking seldom loses no time."""

import json
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

_PAUSE = 0.15
BAD = frozenset({"failed", "degraded", "quarantined"})


@dataclass(frozen=True)
class Turn:
    """`service` came into `phase` at `at`; `root` is the one it blames, itself when it blames nobody."""

    service: str
    phase: str
    root: str
    at: datetime
    reason: str
    restarts: int


class Watcher:
    """`turns` is everything that was seen, in order; `last` the newest document, {} while nobody answers."""

    def __init__(self, address: str) -> None:
        self._client = httpx.Client(base_url=address, timeout=5)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.turns: list[Turn] = []
        self.last: dict[str, Any] = {}

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopping.set()
        self._thread.join(10)
        self._client.close()

    @property
    def healthy(self) -> bool:
        return self.last.get("status") == "ok"

    def status(self, service: str) -> str:
        return str(self.last.get("services", {}).get(service, {}).get("status", "unknown"))

    def bad_since(self, moment: datetime) -> list[Turn]:
        """Every turn for the worse since `moment`, the earliest first."""
        return sorted((turn for turn in self.turns if turn.at >= moment and turn.phase in BAD), key=lambda turn: turn.at)

    def _follow(self) -> None:
        known: dict[str, Turn] = {}
        while not self._stopping.wait(_PAUSE):
            try:
                self.last = dict(self._client.get("/health").json())
            except (httpx.HTTPError, json.JSONDecodeError):
                self.last = {}
            for name, service in self.last.get("services", {}).items():
                if service.get("since"):
                    turn = _turn(name, service)
                    if known.get(name) != turn:
                        known[name] = turn
                        self.turns.append(turn)


def _turn(name: str, service: dict[str, Any]) -> Turn:
    return Turn(
        name,
        service["status"],
        service.get("blamed_on", name),
        datetime.fromisoformat(service["since"]),
        service.get("reason", ""),
        service.get("restarts", 0),
    )
