"""Availability counts what was seen: no time for a supervisor that was away, none against what a person stopped."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.supervisor.history.archive import Archive
from app.supervisor.history.phases import Phases, Span, availability
from tests.unit.supervisor.world import World


class Watch:
    """A world whose states are written down as the recorder does."""

    def __init__(self, folder: Path, world: World) -> None:
        self.world, self.archive, self.begin = world, Archive(folder), world.now
        self.phases = Phases(self.archive)
        self.look()

    def look(self) -> None:
        assert self.archive.record({}, self.world.now, self.phases.seen(self.world.state, self.world.now))

    def advance(self, seconds: int) -> "Watch":
        for _second in range(seconds):
            before = self.world.state
            self.world.advance(1)
            self.phases.turned(before, self.world.state, self.world.now)
            self.look()
        return self

    def spans(self, service: str) -> list[tuple[str, float]]:
        found = self.phases.spans(self.begin, self.world.now)
        return [(span.phase, (span.ended - span.began).total_seconds()) for span in found if span.service == service]

    def share(self, service: str) -> float | None:
        return availability(self.phases.spans(self.begin, self.world.now), [service])[0].share


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path, World().healthy())


def test_a_failure_is_counted_from_its_beginning_to_its_end(watch: Watch) -> None:
    watch.advance(50)
    watch.world.bodies["ai"].dies_after = None
    before = watch.world.state
    watch.world.crash("ai")
    watch.phases.turned(before, watch.world.state, watch.world.now)
    watch.advance(50)
    phases = watch.spans("ai")
    assert phases[0] == ("healthy", 50.0)
    assert phases[-1][0] == "healthy"
    down = sum(seconds for phase, seconds in phases if phase != "healthy")
    assert watch.share("ai") == pytest.approx((100 - down) / 100)
    assert 1 <= down <= 10
    assert watch.share("redis") == 1.0


def test_a_stop_by_hand_costs_no_availability(watch: Watch) -> None:
    before = watch.world.state
    watch.world.stop_by_hand("ai")
    watch.phases.turned(before, watch.world.state, watch.world.now)
    watch.advance(60)
    assert watch.spans("ai") == [("stopped", 60.0)]
    assert watch.share("ai") is None


def test_the_time_a_supervisor_was_away_counts_for_nothing(tmp_path: Path) -> None:
    world = World().healthy()
    watch = Watch(tmp_path, world).advance(30)
    world.now += timedelta(hours=1)
    again = Watch(tmp_path, world).advance(30)
    again.begin = watch.begin
    assert again.spans("redis") == [("healthy", 30.0), ("healthy", 30.0)]


def test_one_that_is_found_running_was_never_starting(tmp_path: Path) -> None:
    world = World()
    for body in world.bodies.values():
        body.status, body.exit_code, body.started = "running", None, world.now - timedelta(hours=1)
    world.boot()
    watch = Watch(tmp_path, world).advance(30)
    assert watch.share("redis") == 1.0


def test_a_span_is_cut_to_the_time_asked_for(tmp_path: Path) -> None:
    watch = Watch(tmp_path, World().healthy()).advance(60)
    begin = watch.begin + timedelta(seconds=20)
    spans = [span for span in watch.phases.spans(begin, begin + timedelta(seconds=10)) if span.service == "redis"]
    assert [(span.began, span.ended) for span in spans] == [(begin, begin + timedelta(seconds=10))]


def test_availability_of_what_was_never_seen_is_unknown() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    spans = [Span("redis", "failed", moment, moment + timedelta(seconds=5))]
    assert [line.share for line in availability(spans, ["redis", "ai"])] == [0.0, None]


def test_two_years_are_kept_and_no_more(tmp_path: Path) -> None:
    watch = Watch(tmp_path, World().healthy()).advance(5)
    watch.phases.prune(watch.world.now)
    assert watch.spans("redis")
    watch.phases.prune(watch.world.now + timedelta(days=731))
    assert watch.spans("redis") == []
