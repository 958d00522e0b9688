"""The backend's own counters, read as Prometheus would: how fast and how often in error the API answers, how MongoDB does.

One request every 15 seconds; its cost does not grow with traffic, as following the access log would. Percentiles are those of
the histogram's buckets; 200 ms is a bucket's edge, so whether p95 is above it is exact.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx

from app.core.clock import Clock
from app.core.http import open_client
from app.supervisor.events import Measured
from app.supervisor.measures.source import Source

SECONDS = 15.0
WINDOW = timedelta(minutes=5)
LATELY = timedelta(minutes=1)  # for connections that fail now: those that broke while MongoDB was restarted are no news
FEWEST = 20  # requests below which a percentile says nothing
FEWEST_ERRORS = 3  # one broken request at night is no error rate
_LABELS = re.compile(r'(\w+)="([^"]*)"')
_BUCKET, _COUNT = "tradeai_http_request_seconds_bucket{", "tradeai_http_request_seconds_count{"
_SLOW = "tradeai_mongo_slow_command_seconds"
_NAMED = 3  # slow queries that are told by name
_OF_API, _OWN_OF_API = 'endpoint="/api/', 'endpoint="/api/v1/health"'
_OWN = frozenset({"/health", "/livez", "/metrics", "/api/v1/health", "/static/<path:filename>"})
_LONGEST = 8 * 1024 * 1024


@dataclass(frozen=True)
class Counters:
    """Totals since the backend started. `buckets`: upper edge (seconds) -> API requests that took no longer.

    `slow`: command and collection of queries above 50 ms -> (how many, their seconds).
    """

    buckets: Mapping[float, float] = field(default_factory=dict)
    requests: float = 0.0
    errors: float = 0.0
    queries: float = 0.0
    query_seconds: float = 0.0
    connection_failures: float = 0.0
    slow: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def since(self, before: "Counters") -> "Counters":
        """What was added after `before`."""
        return Counters(
            {edge: count - before.buckets.get(edge, 0.0) for edge, count in self.buckets.items()},
            self.requests - before.requests,
            self.errors - before.errors,
            self.queries - before.queries,
            self.query_seconds - before.query_seconds,
            self.connection_failures - before.connection_failures,
            {name: _less(total, before.slow.get(name, (0.0, 0.0))) for name, total in self.slow.items()},
        )

    def began_anew(self, before: "Counters") -> bool:
        """Whether these can only be the counters of another process."""
        mine = (self.requests, self.errors, self.queries, self.connection_failures)
        return any(now < then for now, then in zip(mine, _totals(before), strict=True))


def _less(total: tuple[float, float], before: tuple[float, float]) -> tuple[float, float]:
    return total[0] - before[0], total[1] - before[1]


def _totals(counters: Counters) -> tuple[float, ...]:
    return (counters.requests, counters.errors, counters.queries, counters.connection_failures)


class BackendFigures:
    """`api_p95_ms`, `api_error_share`, `db_query_mean_ms` over five minutes; `db_connection_failures` over the last one."""

    def __init__(self, fetch: Callable[[], str], clock: Clock) -> None:
        self._fetch, self._clock = fetch, clock
        self._seen: deque[tuple[datetime, Counters]] = deque()

    def read(self) -> Iterable[Measured]:
        """One look. Raises OSError when the backend does not answer: that is its probe's business."""
        counters, now = parse(self._fetch()), self._clock.now()
        if self._seen and counters.began_anew(self._seen[-1][1]):
            self._seen.clear()
            self._seen.append((now, Counters()))  # it counts from its start, which lies since the last look
        self._seen.append((now, counters))
        while len(self._seen) > 2 and now - self._seen[1][0] >= WINDOW:
            self._seen.popleft()
        return figures(counters.since(self._seen[0][1]), counters.since(self._at(now - LATELY)).connection_failures)

    def _at(self, moment: datetime) -> Counters:
        """The counters as they were seen last before `moment`, or at the first look."""
        return next((seen for at, seen in reversed(self._seen) if at <= moment), self._seen[0][1])


def figures(lately: Counters, failures: float) -> Iterable[Measured]:
    """The figures of what happened in the window, and the failed connections; 0 where too little happened to say anything."""
    count = lately.buckets.get(float("inf"), 0.0)
    p95 = percentile(lately.buckets, 0.95) * 1000 if count >= FEWEST else 0.0
    share = lately.errors / lately.requests if lately.errors >= FEWEST_ERRORS and lately.requests else 0.0
    mean = lately.query_seconds / lately.queries * 1000 if lately.queries >= FEWEST else 0.0
    yield Measured("api_p95_ms", round(p95, 1), detail=f"{count:.0f} requests to the API in 5 minutes")
    yield Measured(
        "api_error_share", round(share, 4), detail=f"{lately.errors:.0f} of {lately.requests:.0f} requests in 5 minutes"
    )
    yield Measured("db_query_mean_ms", round(mean, 1), detail=_of_queries(lately))
    yield Measured("db_connection_failures", failures, detail=f"{failures:.0f} failed connections to MongoDB in a minute")


def _of_queries(lately: Counters) -> str:
    """How many there were, and by name those that cost the most of what took longer than 50 ms."""
    text = f"{lately.queries:.0f} commands to MongoDB in 5 minutes"
    costly = sorted(lately.slow.items(), key=lambda one: one[1][1], reverse=True)[:_NAMED]
    named = [f"{name} ({count:.0f} times, {seconds / count * 1000:.0f} ms)" for name, (count, seconds) in costly if count > 0]
    return f"{text}; slow: {', '.join(named)}" if named else text


def percentile(buckets: Mapping[float, float], share: float) -> float:
    """Seconds within which `share` of the requests were answered, as Prometheus' histogram_quantile interpolates it."""
    edges = sorted(buckets)
    wanted = buckets[edges[-1]] * share
    lower = below = 0.0
    for edge in edges:
        if buckets[edge] >= wanted:
            inside = buckets[edge] - below
            return lower if edge == float("inf") else lower + (edge - lower) * ((wanted - below) / inside if inside else 1.0)
        lower, below = edge, buckets[edge]
    return lower


def parse(text: str) -> Counters:
    """The counters in an answer of /metrics; what is missing counts 0. Raises ValueError for what is no such answer."""
    buckets: dict[float, float] = {}
    requests = errors = 0.0
    plain = {"tradeai_mongo_command_seconds_count": 0.0, "tradeai_mongo_command_seconds_sum": 0.0}
    plain["tradeai_mongo_connection_failures_total"] = 0.0
    slow: dict[str, dict[str, float]] = {"_count{": {}, "_sum{": {}}
    for line in text.splitlines():
        if line.startswith(_BUCKET):
            if _OF_API in line and _OWN_OF_API not in line:
                edge = float(line.partition('le="')[2].partition('"')[0])
                buckets[edge] = buckets.get(edge, 0.0) + _value(line)
        elif line.startswith(_COUNT):
            if labels := _labels(line):
                requests += _value(line)
                errors += _value(line) if labels["status"].startswith("5") else 0.0
        elif line.startswith(_SLOW):
            for part, found in slow.items():
                if line.startswith(_SLOW + part):
                    found[dict(_LABELS.findall(line))["command"]] = _value(line)
        elif line.startswith("tradeai_mongo"):
            name, _space, value_text = line.partition(" ")
            if name in plain:
                plain[name] = float(value_text)
    queries, seconds, failures = plain.values()
    by_name = {name: (count, slow["_sum{"].get(name, 0.0)) for name, count in slow["_count{"].items()}
    return Counters(buckets, requests, errors, queries, seconds, failures, by_name)


def _labels(line: str) -> dict[str, str]:
    """The labels of a sample; {} for what the appliance asks itself."""
    labels = dict(_LABELS.findall(line))
    return {} if labels["endpoint"] in _OWN else labels


def _value(line: str) -> float:
    return float(line.rpartition(" ")[2])


def fetch_metrics(http: httpx.Client) -> str:
    """The backend's /metrics. Raises OSError when there is none."""
    try:
        answer = http.get("/metrics")
    except httpx.HTTPError as error:
        raise OSError(f"the backend's metrics: {error}") from error
    if not answer.is_success or len(answer.content) > _LONGEST:
        raise OSError(f"the backend's metrics: status {answer.status_code}, {len(answer.content)} bytes")
    return answer.text


def source(url: str, clock: Clock) -> Source:
    """The source; `url` is the backend's address inside."""
    http = open_client(url, timeout_seconds=5.0)
    return Source("backend", SECONDS, BackendFigures(lambda: fetch_metrics(http), clock).read)
