"""Redis from inside: evictions, how full it is, and whether it still takes a write. A full Redis is not restarted for it."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta

from app.core.clock import Clock
from app.supervisor.events import Measured
from app.supervisor.measures.source import Source
from app.supervisor.redis_wire import RedisSays, RedisWire

SECONDS = 15.0
WINDOW = timedelta(minutes=10)
_KEY = "supervisor:write-probe"


class RedisFigures:
    """`redis_evicted` (keys in ten minutes), `redis_memory_share` (of maxmemory, 0 to 1), `redis_write_refused` (0 or 1)."""

    def __init__(self, wire: RedisWire, clock: Clock) -> None:
        self._wire, self._clock = wire, clock
        self._evicted: deque[tuple[datetime, int]] = deque()

    def read(self) -> Iterable[Measured]:
        """One look. Raises OSError when Redis is away: that is its probe's business."""
        info, written = self._wire.ask(("INFO",), ("SET", _KEY, "1", "EX", 60))
        if isinstance(info, RedisSays):
            raise info
        figures = parse_info(info)
        evicted = self._evicted_lately(figures.get("evicted_keys", 0))
        share, used = memory_share(figures), figures.get("used_memory", 0)
        refused = str(written) if isinstance(written, RedisSays) else ""
        yield Measured("redis_evicted", evicted, detail=f"{evicted} keys in the last 10 minutes")
        yield Measured("redis_memory_share", share, detail=f"{used / 1e6:.0f} MB of {figures.get('maxmemory', 0) / 1e6:.0f} MB")
        yield Measured("redis_write_refused", float(bool(refused)), detail=refused or "a write was taken")

    def _evicted_lately(self, total: int) -> int:
        """How many keys went in the window; Redis counts from its own start, so a fall is a restart."""
        now = self._clock.now()
        if self._evicted and total < self._evicted[-1][1]:
            self._evicted.clear()
        self._evicted.append((now, total))
        while len(self._evicted) > 2 and now - self._evicted[1][0] >= WINDOW:
            self._evicted.popleft()
        return total - self._evicted[0][1]


def memory_share(figures: dict[str, int]) -> float:
    """Used of what it may use; 0 without a limit."""
    limit = figures.get("maxmemory", 0)
    return figures.get("used_memory", 0) / limit if limit else 0.0


def parse_info(text: str) -> dict[str, int]:
    """The whole numbers of an INFO reply by name."""
    pairs = (line.partition(":") for line in text.splitlines() if not line.startswith("#"))
    return {name: int(value) for name, _colon, value in pairs if value.isdigit()}


def source(wire: RedisWire, clock: Clock) -> Source:
    """The source."""
    return Source("redis", SECONDS, RedisFigures(wire, clock).read)
