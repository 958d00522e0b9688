"""How many jobs wait for the worker, and whether they become more and more."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from app.core.clock import Clock
from app.supervisor.events import Measured
from app.supervisor.measures.source import Source
from app.supervisor.redis_wire import RedisSays, RedisWire

SECONDS = 15.0
HALF = timedelta(minutes=5)
QUEUE = "default"  # app.core.jobs.QUEUE, whose module brings the Redis library along
_KEY = f"rq:queue:{QUEUE}"


class QueueFigures:
    """`queue_depth` (jobs waiting) and `queue_growing` (jobs by which the least of the last five minutes exceeds the most of
    the five before: 0 for a burst that is being worked off)."""

    def __init__(self, wire: RedisWire, clock: Clock) -> None:
        self._wire, self._clock = wire, clock
        self._depths: deque[tuple[datetime, int]] = deque()

    def read(self) -> Iterable[Measured]:
        """One look. Raises OSError when Redis is away."""
        depth = self._wire.ask_one("LLEN", _KEY)
        if not isinstance(depth, int):
            raise RedisSays(f"the queue is no list: {depth!r}")
        now = self._clock.now()
        self._depths.append((now, depth))
        while now - self._depths[0][0] > 2 * HALF:
            self._depths.popleft()
        growth = growing(self._depths, now)
        yield Measured("queue_depth", depth, QUEUE, f"{depth} jobs wait")
        yield Measured("queue_growing", growth, QUEUE, f"{depth} jobs wait, {growth} more than five minutes before")


def growing(depths: Iterable[tuple[datetime, int]], now: datetime) -> int:
    """By how much the queue grew for certain; 0 until ten minutes were seen."""
    seen = list(depths)
    late = [depth for at, depth in seen if now - at <= HALF]
    early = [depth for at, depth in seen if now - at > HALF]
    if not late or not early or now - seen[0][0] < 2 * HALF - timedelta(seconds=2 * SECONDS):
        return 0
    return max(min(late) - max(early), 0)


def source(wire: RedisWire, clock: Clock) -> Source:
    """The source."""
    return Source("queue", SECONDS, QueueFigures(wire, clock).read)
