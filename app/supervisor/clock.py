"""A clock that a correction of the machine's time cannot turn back: pauses and budgets must not stretch or vanish."""

import time
from datetime import datetime, timedelta

from app.core.clock import SYSTEM, Clock


class SteadyClock:
    """UTC as it was at the start, moved on by the time that passed since."""

    def __init__(self, wall: Clock = SYSTEM) -> None:
        self._start, self._from = wall.now(), time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=time.monotonic() - self._from)
