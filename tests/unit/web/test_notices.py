"""The lines of the bell: what is new, what a job's end says, where it leads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.jobs import Job, JobState
from app.web import notices

DRAFTS = {"icon": "pencil", "text": "3 drafts", "why": "Not decided.", "action": "Finish", "href": "/promotions?status=draft"}


def job(number: int = 1, state: JobState = JobState.FINISHED, topic: str = "imports/imp_1", error: str = "") -> Job:
    ended = "" if not state.final else "2026-03-02T09:00:00.000Z"
    return Job(f"job_{number}", "Landing sales.csv", "app.a:b", {}, topic, "usr_1", state, 1, "", error=error, finished_at=ended)


def test_everything_is_new_until_it_was_seen() -> None:
    first = notices.told([DRAFTS], [job()], ())
    assert [one.new for one in first] == [True, True]
    again = notices.told([DRAFTS], [job()], {one.mark for one in first})
    assert [one.new for one in again] == [False, False]


def test_a_need_whose_words_change_is_new_again() -> None:
    seen = {notices.of_need(DRAFTS).mark}
    [one] = notices.told([{**DRAFTS, "text": "4 drafts"}], [], seen)
    assert one.new


def test_what_waits_comes_before_what_ended_and_jobs_are_bounded() -> None:
    listed = notices.told([DRAFTS], [job(number) for number in range(30)], ())
    assert listed[0].text == "3 drafts"
    assert [one.mark for one in listed[1:]] == [f"job:job_{number}" for number in range(notices.SHOWN_JOBS)]


def test_a_job_that_runs_again_is_not_told_as_ended() -> None:
    assert notices.told([], [job(state=JobState.RUNNING)], ()) == []


@pytest.mark.parametrize(
    ("state", "error", "why", "tone"),
    [
        (JobState.FINISHED, "", "Done", "good"),
        (JobState.FAILED, "The file is empty.", "Failed: The file is empty.", "bad"),
        (JobState.CANCELLED, "", "Cancelled", "neutral"),
    ],
)
def test_an_end_says_how_it_ended(state: JobState, error: str, why: str, tone: str) -> None:
    one = notices.of_job(job(state=state, error=error))
    assert (one.why, one.tone, one.href) == (why, tone, "/imports/imp_1")


@pytest.mark.parametrize(
    ("topic", "page"),
    [
        ("imports/imp_1", "/imports/imp_1"),
        ("promotions", "/promotions"),
        ("promotions/prm_1", "/promotions/prm_1"),
        ("models/pos", "/ai/models"),
        ("plans/pln_1", "/optimiser/pln_1"),
        ("", ""),
        ("nonsense/x", ""),
    ],
)
def test_a_job_leads_to_the_page_of_what_it_worked_on(topic: str, page: str) -> None:
    assert notices.page_of(topic) == page


@given(st.text())
def test_any_topic_leads_nowhere_else(topic: str) -> None:
    page = notices.page_of(topic)
    assert page == "" or (page.startswith("/") and not page.startswith("//"))
