"""Progress throttles what a job tells, and asks rarely whether to stop."""

from dataclasses import replace
from typing import Any

import pytest

from app.core import jobs
from app.core.jobs import Job, JobCancelled, JobState, Progress

JOB = Job("job_1", "T", "app.a:b", {}, "imports/imp_1", "usr_1", JobState.RUNNING, 1, "")


class Watch:
    """A clock to set, and what was told or asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moment = 0.0
        self.told: list[tuple[int, int]] = []
        self.asked = 0
        self.answer: tuple[str | None, str] = (None, "1")
        monkeypatch.setattr(
            jobs, "move", lambda _id, _state, _tries, changes: not self.told.append((changes["done"], changes["total"]))
        )
        monkeypatch.setattr(jobs, "tell", lambda _id, _kind: None)
        monkeypatch.setattr(jobs, "client", lambda: self)

    def move(self, _job_id: str, _state: JobState, _tries: int, changes: dict[str, Any]) -> bool:
        self.told.append((changes["done"], changes["total"]))
        return True

    def hmget(self, *_names: str) -> tuple[str | None, str]:
        self.asked += 1
        return self.answer


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(monkeypatch)


def progress(watch: Watch, job: Job = JOB) -> Progress:
    return Progress(job, monotonic=lambda: watch.moment)


def test_five_reports_a_second_are_told_and_the_last_one_always(watch: Watch) -> None:
    reporting = progress(watch)
    for row in range(1, 1001):
        watch.moment = row / 1000
        reporting.report(row, 1000)
    assert len(watch.told) <= 6
    assert watch.told[0] == (1, 1000)
    assert watch.told[-1] == (1000, 1000)


def test_the_last_report_is_not_repeated(watch: Watch) -> None:
    reporting = progress(watch)
    for _ in range(5):
        reporting.report(10, 10)
    assert watch.told == [(10, 10)]


def test_an_unknown_total_is_throttled_too(watch: Watch) -> None:
    reporting = progress(watch)
    for _ in range(50):
        reporting.report(0, 0, "reading")
    assert watch.told == [(0, 0)]


def test_whether_to_stop_is_asked_twice_a_second_and_remembered(watch: Watch) -> None:
    running = progress(watch)
    for step in range(100):
        watch.moment = step / 100
        assert not running.cancelled
    assert watch.asked == 2
    watch.answer, watch.moment = ("1", "1"), 2.0
    with pytest.raises(JobCancelled):
        running.stop_if_cancelled()
    watch.answer = (None, "1")
    watch.moment = 9.0
    assert running.cancelled


def test_an_attempt_that_was_overtaken_stops(watch: Watch) -> None:
    watch.answer = (None, "2")
    assert progress(watch).cancelled
    assert not progress(watch, replace(JOB, tries=2)).cancelled


def test_nobody_watches_an_unwatched_progress(watch: Watch) -> None:
    quiet = Progress.unwatched()
    quiet.report(1, 2)
    quiet.stop_if_cancelled()
    assert (watch.told, watch.asked) == ([], 0)


@pytest.mark.parametrize("path", ["os:system", "app.core:", "app:x", "app.core.jobs", "../app.core:x", "app.core:x y"])
def test_only_functions_of_the_app_are_jobs(path: str) -> None:
    arguments: dict[str, Any] = {"title": "T", "topic": "", "who": "usr_1"}
    with pytest.raises(ValueError, match="not a job path"):
        jobs.enqueue(path, {}, **arguments)
