"""The dead man's switch: a call to the outside at each interval, so that our own silence is noticed there."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import httpx

from app.core.clock import Clock
from app.core.http import open_client
from app.core.logging import get_logger
from app.supervisor.alerts.channels.channel import host_of
from app.supervisor.alerts.entries import HeartbeatEntry

_TIMEOUT_SECONDS = 10.0
_LOOK_SECONDS = 5.0  # how soon new settings are noticed

log = get_logger(__name__)


@dataclass(frozen=True)
class Pulse:
    """How the last calls went."""

    tried_at: datetime | None = None
    ok_at: datetime | None = None
    failures: int = 0  # in a row
    error: str = ""


class Heartbeat:
    """Beats while `alive` says that the keeper really works: a stuck one must not look well from outside."""

    def __init__(self, entry: Callable[[], HeartbeatEntry | None], alive: Callable[[], bool], clock: Clock) -> None:
        self._entry, self._alive, self._clock = entry, alive, clock
        self.pulse = Pulse()

    def run(self, stopping: threading.Event) -> None:
        """Until `stopping`."""
        while not stopping.is_set():
            entry = self._entry()
            if entry is not None and self._due(entry) and self._alive():
                self.beat(entry)
            wait = _LOOK_SECONDS if entry is None else min(_LOOK_SECONDS, entry.every.total_seconds())
            stopping.wait(wait)

    def beat(self, entry: HeartbeatEntry) -> None:
        """One call; a failure is counted, never raised."""
        now, url = self._clock.now(), entry.url.get_secret_value()
        try:
            with open_client(timeout_seconds=_TIMEOUT_SECONDS) as http:
                answer = http.request(entry.method, url)
            error = "" if answer.is_success else f"{host_of(url)} answered {answer.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            error = f"{host_of(url)}: {type(failure).__name__}: {str(failure).replace(url, '')}"[:300]
        if error:
            log.warning("the heartbeat did not get out", error=error, failures=self.pulse.failures + 1)
            self.pulse = replace(self.pulse, tried_at=now, failures=self.pulse.failures + 1, error=error)
        else:
            self.pulse = Pulse(tried_at=now, ok_at=now)

    def _due(self, entry: HeartbeatEntry) -> bool:
        return self.pulse.tried_at is None or self._clock.now() - self.pulse.tried_at >= entry.every
