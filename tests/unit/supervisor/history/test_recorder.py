"""The recorder keeps what the loop knows, tells the loop when the disk will be full, and says its own trouble once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.supervisor.events import Event, HostSampled, Measured, Tick
from app.supervisor.history.archive import Archive
from app.supervisor.history.recorder import FORECAST, Recorder
from app.supervisor.state import Disk
from app.supervisor.store import Line
from tests.unit.supervisor.decide.test_judge import HOST
from tests.unit.supervisor.world import World


class Watch:
    def __init__(self, folder: Path) -> None:
        self.world, self.told, self.lines = World().healthy(), list[Event](), list[Line]()
        self.world.tell(HostSampled(HOST))
        self.recorder = Recorder(Archive(folder), self.told.append, self.lines.append)

    def ticks(self, count: int, seconds: float = 15) -> "Watch":
        for _tick in range(count):
            state = self.world.state
            self.recorder.turned(state, state, Tick(), (), self.world.now)
            self.world.now += timedelta(seconds=seconds)
        return self

    def means(self, *key: str) -> Sequence[float]:
        series = self.recorder.archive.read([key], self.world.now - timedelta(minutes=30), self.world.now)[key]  # type: ignore[list-item]
        return [point.mean for point in series]


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def test_every_figure_is_recorded_every_15_seconds(watch: Watch) -> None:
    watch.world.tell(Measured("queue_length", 3.0, "default"))
    watch.ticks(40, seconds=3)
    assert len(watch.means("up", "redis")) == 8
    assert set(watch.means("up", "redis")) == {1.0}
    assert set(watch.means("latency_ms", "nginx")) == {3.0}
    assert set(watch.means("queue_length", "default")) == {3.0}
    assert watch.means("host_disk_free", "")[0] == pytest.approx(HOST.disk_free, rel=1e-6)


def test_a_measure_that_nobody_renews_is_not_recorded_for_ever(watch: Watch) -> None:
    watch.world.tell(Measured("queue_length", 3.0))
    watch.ticks(50)
    assert len(watch.means("queue_length", "")) == 40


def test_what_the_doctor_found_takes_no_place_among_the_series(watch: Watch) -> None:
    for number in range(60):
        watch.world.tell(Measured("doctor_problem", 0.0, f"check {number}"))
    watch.world.tell(Measured("doctor_problems", 2.0))
    watch.ticks(2)
    assert watch.recorder.archive.left_out == 0
    assert watch.means("doctor_problems", "")
    assert not watch.means("doctor_problem", "check 7")


def test_only_a_tick_makes_a_frame(watch: Watch) -> None:
    state = watch.world.state
    watch.recorder.turned(state, state, HostSampled(HOST), (), watch.world.now)
    assert watch.recorder.archive.rows() == 0


def test_a_disk_that_fills_is_told_in_hours(watch: Watch) -> None:
    free = 60e9
    for _step in range(120):
        watch.world.tell(HostSampled(replace(HOST, disk_free=int(free))))
        watch.ticks(1, seconds=180)
        free -= 0.1e9
    told = [event for event in watch.told if isinstance(event, Measured)]
    assert {event.name for event in told} == {FORECAST}
    assert told[-1].value == pytest.approx(free / 0.1e9 * 180 / 3600, rel=0.1)
    assert "a day" in told[-1].detail


def test_each_disk_has_a_forecast_of_its_own(watch: Watch) -> None:
    free = 60e9
    for _step in range(120):
        disks = (Disk("backups", int(80e9), int(free)), Disk("logs", int(80e9), int(40e9)))
        watch.world.tell(HostSampled(replace(HOST, disks=disks)))
        watch.ticks(1, seconds=180)
        free -= 0.1e9
    last = {event.subject: event for event in watch.told if isinstance(event, Measured)}
    assert last.keys() == {"", "backups", "logs"}
    assert last["backups"].value == pytest.approx(free / 0.1e9 * 180 / 3600, rel=0.1)
    assert last["backups"].detail.startswith("the disk of the backups: ")
    assert last[""].value == last["logs"].value == 8760.0


def test_without_a_trend_the_forecast_is_a_year(watch: Watch) -> None:
    watch.ticks(30)
    assert [event.value for event in watch.told if isinstance(event, Measured)] == [8760.0, 8760.0]


def test_a_full_volume_is_said_once_and_its_end_once(watch: Watch) -> None:
    watch.ticks(1)
    database = watch.recorder.archive._db
    assert database is not None
    bound = database.execute("PRAGMA max_page_count").fetchone()[0]
    database.execute("PRAGMA max_page_count = 1")
    watch.ticks(600)
    assert watch.recorder.trouble
    database.execute(f"PRAGMA max_page_count = {bound}")
    watch.ticks(3)
    assert [line.bad for line in watch.lines] == [True, False]
    assert "everything else goes on" in watch.lines[0].text


def test_a_damaged_file_is_said_loudly(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite3").write_bytes(b"no database at all, " * 300)
    watch = Watch(tmp_path).ticks(3)
    assert [line.bad for line in watch.lines] == [True]
    assert "damaged" in watch.lines[0].text
