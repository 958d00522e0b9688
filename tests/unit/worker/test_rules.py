"""What recovery does with a job, for every way it can have been left behind."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.jobs import MAX_TRIES, Job, JobState
from app.worker.rules import Step, may_retry, next_step, retry_after

QUEUED = Job("job_1", "T", "app.a:b", {}, "", "usr_1", JobState.QUEUED, 0, "", entry="job_1-0-1", queued_at=1000.0)
RUNNING = replace(QUEUED, state=JobState.RUNNING, tries=1, worker="w-1")


@pytest.mark.parametrize("state", [JobState.FINISHED, JobState.FAILED, JobState.CANCELLED])
def test_ended_jobs_are_forgotten(state: JobState) -> None:
    assert next_step(replace(QUEUED, state=state), moment=9e9, in_queue=True, unheld_seconds=999) is Step.FORGET


def test_a_queued_job_in_the_queue_waits_for_ever() -> None:
    assert next_step(QUEUED, moment=9e9, in_queue=True, unheld_seconds=0) is Step.WAIT


def test_a_queued_job_whose_entry_vanished_is_pushed_after_half_a_minute() -> None:
    assert next_step(QUEUED, moment=1029.0, in_queue=False, unheld_seconds=0) is Step.WAIT
    assert next_step(QUEUED, moment=1030.0, in_queue=False, unheld_seconds=0) is Step.PUSH


def test_an_attempt_put_off_is_pushed_when_its_time_comes() -> None:
    later = replace(QUEUED, entry="", queued_at=1060.0)
    assert next_step(later, moment=1059.9, in_queue=False, unheld_seconds=0) is Step.WAIT
    assert next_step(later, moment=1060.0, in_queue=False, unheld_seconds=0) is Step.PUSH


def test_a_running_job_is_given_back_only_when_nobody_held_it_for_a_while() -> None:
    assert next_step(RUNNING, moment=9e9, in_queue=False, unheld_seconds=0) is Step.WAIT
    assert next_step(RUNNING, moment=9e9, in_queue=False, unheld_seconds=9.9) is Step.WAIT
    assert next_step(RUNNING, moment=9e9, in_queue=False, unheld_seconds=10) is Step.GIVE_BACK


@given(st.integers(0, 20), st.integers(0, 20))
def test_attempts_that_count_are_limited_and_spared_ones_are_not(counted: int, spared: int) -> None:
    assert may_retry(counted + spared, spared) == (counted < MAX_TRIES)


def test_waiting_grows() -> None:
    assert [retry_after(tries) for tries in (0, 1, 2, 3, 9)] == [15, 15, 60, 60, 60]
