"""Running jobs in this process, without a worker: every way an attempt can end."""

import time
from typing import Any

import pytest

from app.core.clock import iso, now
from app.core.errors import Invalid, NotFound
from app.core.events import STREAM, decode
from app.core.jobs import OPEN, JobState, cancel, enqueue, key, move, read
from app.worker.recovery import QUEUE_KEY, Recovery, lease_key
from app.worker.run import run_job, run_pending

WORK = "tests.integration.worker.work_for_tests"


@pytest.fixture(autouse=True)
def _job_functions_of_tests(monkeypatch: pytest.MonkeyPatch, redis_client: Any) -> None:
    """Jobs normally come from the app package; these come from the tests."""
    import re

    from app.core import jobs

    monkeypatch.setattr(jobs, "_PATH", re.compile(".*"))


def queue(function: str, **kwargs: Any) -> str:
    return enqueue(f"{WORK}:{function}", kwargs, title="A test", topic="imports/imp_1", who="usr_1")


def heard(redis_client: Any, topic: str) -> list[str]:
    """The types of the events on `topic`, in order."""
    return [event.type for event in (decode(*entry) for entry in redis_client.xrange(STREAM)) if event.topic == topic]


def test_a_job_runs_and_tells_both_topics(redis_client: Any) -> None:
    job_id = queue("count", upto=1000)
    assert run_pending() == 1
    job = read(job_id)
    assert (job.state, job.done, job.total, job.result, job.tries) == (JobState.FINISHED, 1000, 1000, {"counted": 1000}, 1)
    types = heard(redis_client, f"jobs/{job_id}")
    assert types[0] == "job.started"
    assert types[-1] == "job.finished"
    assert 1 <= types.count("job.progress") < 20  # throttled, and the last one always told
    assert heard(redis_client, "imports/imp_1") == types
    assert redis_client.ttl(key(job_id)) > 6 * 24 * 3600
    assert not redis_client.sismember(OPEN, job_id)


def test_a_refusal_is_told_in_its_own_words(redis_client: Any) -> None:
    job_id = queue("refuse")
    run_pending()
    job = read(job_id)
    assert (job.state, job.error) == (JobState.FAILED, "The import is already landed. Take it back first.")


def test_a_bug_fails_the_job_without_telling_its_inside(redis_client: Any) -> None:
    job_id = queue("break_down")
    run_pending()
    job = read(job_id)
    assert job.state is JobState.FAILED
    assert "secret detail" not in job.error
    assert job_id in job.error


def test_storage_that_is_away_is_tried_again_later(redis_client: Any) -> None:
    job_id = queue("storage_away", name="away", times=1)
    run_job(job_id, 0)
    job = read(job_id)
    assert (job.state, job.tries, job.entry) == (JobState.QUEUED, 1, "")
    assert job.queued_at > time.time() + 5
    assert Recovery().look() == 0  # not yet
    assert Recovery(clock=lambda: time.time() + 20).look() == 1
    assert redis_client.lrange(QUEUE_KEY, 0, -1)[-1] == read(job_id).entry
    run_job(job_id, 1)
    assert read(job_id).state is JobState.FINISHED
    assert heard(redis_client, f"jobs/{job_id}").count("job.retried") == 1


def test_a_job_is_tried_at_most_three_times(redis_client: Any) -> None:
    job_id = queue("storage_away", name="away", times=99)
    for tries in range(3):
        run_job(job_id, tries)
    job = read(job_id)
    assert (job.state, job.tries) == (JobState.FAILED, 3)
    assert "tried 3 times" in job.error


def test_a_job_whose_turn_has_not_come_waits_in_the_queue_for_as_long_as_it_takes(redis_client: Any) -> None:
    job_id = queue("wait_for_turn", name="turn", times=5)
    for tries in range(5):
        run_job(job_id, tries)
        job = read(job_id)
        assert (job.state, job.worker, job.message) == (JobState.QUEUED, "", "Waiting for another")
        assert job.queued_at > time.time() + 5
    assert Recovery(clock=lambda: time.time() + 11).look() == 1
    run_job(job_id, 5)
    assert (read(job_id).state, read(job_id).result) == (JobState.FINISHED, "done")


def test_one_that_waits_for_its_turn_can_be_cancelled(redis_client: Any) -> None:
    job_id = queue("wait_for_turn", name="turn", times=5)
    run_job(job_id, 0)
    assert cancel(job_id).state is JobState.CANCELLED
    run_job(job_id, 1)
    assert redis_client.get("test:turn") == "1"


def test_a_second_worker_with_the_same_entry_does_nothing(redis_client: Any) -> None:
    job_id = queue("count", upto=1)
    run_job(job_id, 0)
    run_job(job_id, 0)
    assert redis_client.get("test:count") == "1"


def test_a_waiting_job_is_cancelled_at_once_and_never_runs(redis_client: Any) -> None:
    job_id = queue("count", upto=1)
    assert cancel(job_id).state is JobState.CANCELLED
    run_job(job_id, 0)
    assert redis_client.get("test:count") is None
    with pytest.raises(Invalid, match="already ended"):
        cancel(job_id)


def test_a_running_job_stops_when_cancelled(redis_client: Any) -> None:
    job_id = queue("wait", name="w")
    redis_client.hset(key(job_id), "cancel", 1)
    run_job(job_id, 0)
    assert read(job_id).state is JobState.CANCELLED


def test_an_attempt_that_lost_its_job_cannot_overwrite_the_next(redis_client: Any) -> None:
    job_id = queue("count", upto=1)
    move(job_id, JobState.QUEUED, 0, {"state": "running", "tries": 2, "started_at": iso(now())})
    assert not move(job_id, JobState.RUNNING, 1, {"state": "finished"})
    assert read(job_id).state is JobState.RUNNING


def test_a_job_whose_worker_vanished_is_given_back_after_two_looks(redis_client: Any) -> None:
    job_id = queue("count", upto=1)
    move(job_id, JobState.QUEUED, 0, {"state": "running", "tries": 1, "worker": "gone-1"})
    moment = time.time()
    recovery = Recovery(clock=lambda: moment)
    redis_client.set(lease_key("gone-1"), "1")
    moment += 1000
    assert recovery.look() == 0  # the lease is held
    redis_client.delete(lease_key("gone-1"))
    assert recovery.look() == 0  # first look without
    moment += 11
    assert recovery.look() == 1
    assert (read(job_id).state, read(job_id).tries) == (JobState.QUEUED, 1)


def test_an_entry_that_a_dying_worker_took_is_queued_again(redis_client: Any) -> None:
    queue("count", upto=1)
    redis_client.delete(QUEUE_KEY)
    assert Recovery().look() == 0
    assert Recovery(clock=lambda: time.time() + 31).look() == 1
    assert redis_client.llen(QUEUE_KEY) == 1


def test_what_is_not_known_is_not_found(redis_client: Any) -> None:
    with pytest.raises(NotFound):
        read("job_unknown")
