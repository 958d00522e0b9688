"""p95, error share and database figures come from the backend's counters, over five minutes, whatever restarts."""

import itertools

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, Summary, generate_latest

from app.core.clock import FixedClock
from app.supervisor.measures.backend import BackendFigures, Counters, fetch_metrics, parse, percentile
from tests.unit.supervisor.world import BEGIN


class Backend:
    """The real library's text, as the backend writes it."""

    def __init__(self) -> None:
        self.clock, self.answers = FixedClock(BEGIN), True
        self.begin()
        self.figures = BackendFigures(self.text, self.clock)

    def begin(self) -> None:
        self.registry = CollectorRegistry()
        buckets = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0)
        names = ["method", "endpoint", "status"]
        self.requests = Histogram("tradeai_http_request_seconds", "x", names, buckets=buckets, registry=self.registry)
        self.queries = Summary("tradeai_mongo_command_seconds", "x", registry=self.registry)
        self.slow = Summary("tradeai_mongo_slow_command_seconds", "x", ["command"], registry=self.registry)
        self.failures = Counter("tradeai_mongo_connection_failures", "x", registry=self.registry)

    def text(self) -> str:
        return generate_latest(self.registry).decode()

    def serve(self, count: int, seconds: float, status: int = 200, endpoint: str = "/api/v1/promotions/<id>") -> None:
        for _request in range(count):
            self.requests.labels("GET", endpoint, str(status)).observe(seconds)

    def read(self, later: float = 15) -> dict[str, float]:
        self.clock.advance(later)
        return {measured.name: measured.value for measured in self.figures.read()}


@pytest.fixture
def backend() -> Backend:
    made = Backend()
    made.read()
    return made


def test_a_quiet_backend_has_nothing_wrong(backend: Backend) -> None:
    assert set(backend.read().values()) == {0}


def test_p95_is_above_200_ms_exactly_when_more_than_a_twentieth_took_longer(backend: Backend) -> None:
    backend.serve(190, 0.02)
    backend.serve(10, 0.3)
    assert backend.read()["api_p95_ms"] <= 200
    backend.serve(2, 0.3)
    assert backend.read()["api_p95_ms"] > 200


def test_errors_are_a_share_of_all_requests(backend: Backend) -> None:
    backend.serve(96, 0.02)
    backend.serve(4, 0.02, status=503, endpoint="/promotions")
    assert backend.read()["api_error_share"] == 0.04


def test_one_broken_request_at_night_is_no_error_rate(backend: Backend) -> None:
    backend.serve(2, 0.02, status=500)
    assert backend.read()["api_error_share"] == 0


def test_what_the_appliance_asks_itself_does_not_count(backend: Backend) -> None:
    for endpoint in ("/health", "/livez", "/metrics", "/api/v1/health", "/static/<path:filename>"):
        backend.serve(50, 5.0, status=503, endpoint=endpoint)
    assert set(backend.read().values()) == {0}


def test_after_five_minutes_it_is_forgotten(backend: Backend) -> None:
    backend.serve(100, 1.0, status=500)
    assert backend.read()["api_error_share"] == 1
    for _look in range(20):
        last = backend.read()
    assert set(last.values()) == {0}


def test_a_restart_of_the_backend_begins_anew(backend: Backend) -> None:
    backend.serve(100, 0.02)
    backend.read()
    backend.begin()
    backend.serve(40, 0.02)
    backend.serve(10, 0.02, status=500)
    assert backend.read()["api_error_share"] == 0.2


def test_the_databases_mean_and_failures(backend: Backend) -> None:
    for seconds in itertools.repeat(0.08, 50):
        backend.queries.observe(seconds)
    backend.failures.inc(3)
    figures = backend.read()
    assert figures["db_query_mean_ms"] == pytest.approx(80)
    assert figures["db_connection_failures"] == 3


def test_slow_queries_are_told_by_name_the_costliest_first_until_they_are_five_minutes_old(backend: Backend) -> None:
    def detail() -> str:
        backend.clock.advance(15)
        return next(measured.detail for measured in backend.figures.read() if measured.name == "db_query_mean_ms")

    for name, count, seconds in (
        ("find sales", 2, 0.3),
        ("aggregate sales", 1, 2.0),
        ("update jobs", 1, 0.1),
        ("find users", 1, 0.06),
    ):
        for _query in range(count):
            backend.queries.observe(seconds)
            backend.slow.labels(name).observe(seconds)
    assert detail() == (
        "5 commands to MongoDB in 5 minutes; slow: "
        "aggregate sales (1 times, 2000 ms), find sales (2 times, 300 ms), update jobs (1 times, 100 ms)"
    )
    for _look in range(21):
        last = detail()
    assert last == "0 commands to MongoDB in 5 minutes"


def test_connections_that_failed_a_minute_ago_are_no_news(backend: Backend) -> None:
    backend.failures.inc(3)
    looks = [backend.read()["db_connection_failures"] for _ in range(8)]
    assert looks[0] == 3
    assert looks[-3:] == [0, 0, 0]
    backend.failures.inc(1)
    assert backend.read()["db_connection_failures"] == 1


def test_an_older_backend_without_those_counters_is_understood() -> None:
    assert parse("# HELP x y\nsomething 3\n") == Counters()


@pytest.mark.slow
@given(st.lists(st.floats(0.001, 9.9), min_size=20, max_size=200))
def test_the_percentile_lies_in_the_bucket_of_the_true_one(seconds: list[float]) -> None:
    edges = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 10.0, float("inf")]
    buckets = {edge: float(sum(one <= edge for one in seconds)) for edge in edges}
    true = sorted(seconds)[-(-len(seconds) * 95 // 100) - 1]
    upper = next(edge for edge in edges if true <= edge)
    lower = max([edge for edge in edges if edge < upper], default=0.0)
    assert lower <= percentile(buckets, 0.95) <= upper


def test_no_answer_is_an_oserror() -> None:
    for answer in (httpx.Response(503), httpx.ConnectError("refused")):

        def handle(_request: httpx.Request, answer: object = answer) -> httpx.Response:
            if isinstance(answer, Exception):
                raise answer
            return answer  # type: ignore[return-value]

        with (
            httpx.Client(base_url="http://backend", transport=httpx.MockTransport(handle)) as http,
            pytest.raises(OSError, match="metrics"),
        ):
            fetch_metrics(http)
