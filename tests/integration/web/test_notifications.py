"""The bell's page: whose needs and whose jobs it tells, what counts as seen, and what holds while Redis is away."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisAway

from app.access.models import Role
from app.core import jobs
from app.core.events import STREAM, decode
from app.core.jobs import cancel, ended_of, enqueue
from app.core.mongo import stamped
from app.web import notices_seen

SignIn = Callable[[Role], Any]
PANEL = {"X-Panel": "1"}


def ended(who: Any, title: str = "Landing sales.csv", topic: str = "imports/imp_1") -> str:
    job_id = enqueue("app.nowhere:nothing", {}, title=title, topic=topic, who=who.person.user_id)
    cancel(job_id)
    return job_id


def new(client: Any) -> int:
    found = re.search(r'data-new="(\d+)"', client.get("/notifications", headers=PANEL).text)
    assert found
    return int(found.group(1))


def marks(client: Any) -> list[str]:
    return re.findall(r'name="mark" value="([^"]+)"', client.get("/notifications").text)


def test_a_job_that_ended_is_told_to_who_started_it_only(as_role: SignIn) -> None:
    owner, other = as_role(Role.ANALYST), as_role(Role.ADMINISTRATOR)
    ended(owner)
    page = owner.get("/notifications").text
    assert "Landing sales.csv" in page
    assert 'href="/imports/imp_1"' in page
    assert "Landing sales.csv" not in other.get("/notifications").text


def test_an_open_job_is_not_told(as_role: SignIn) -> None:
    owner = as_role(Role.ANALYST)
    enqueue("app.nowhere:nothing", {}, title="Landing sales.csv", topic="", who=owner.person.user_id)
    assert "Landing sales.csv" not in owner.get("/notifications").text


def test_the_person_hears_of_the_end_on_their_own_topic(as_role: SignIn, redis_client: Any) -> None:
    owner = as_role(Role.ANALYST)
    ended(owner)
    heard = [event for event in (decode(*entry) for entry in redis_client.xrange(STREAM)) if event.topic.startswith("people/")]
    assert [(event.topic, event.type) for event in heard] == [(f"people/{owner.person.user_id}", "job.cancelled")]


def test_the_machines_own_jobs_are_nobodys_news(mongo: Any, redis_client: Any) -> None:
    cancel(enqueue("app.nowhere:nothing", {}, title="Nightly", topic="", who="system:worker"))
    assert ended_of("system:worker") == []
    assert not [True for entry in redis_client.xrange(STREAM) if entry[1]["topic"].startswith("people/")]


def test_only_the_newest_are_kept_and_they_expire(as_role: SignIn, redis_client: Any) -> None:
    owner = as_role(Role.ANALYST)
    listed = [ended(owner) for _ in range(jobs.ENDED_KEPT + 3)]
    assert [job.id for job in ended_of(owner.person.user_id)] == listed[::-1][: jobs.ENDED_KEPT]
    assert 0 < redis_client.ttl(jobs.ended_key(owner.person.user_id)) <= jobs.KEPT_SECONDS
    redis_client.delete(jobs.key(listed[-1]))
    assert ended_of(owner.person.user_id)[0].id == listed[-2], "a record that is gone is passed over"


def test_home_and_bell_tell_the_same_needs_to_who_can_settle_them(mongo: Any, as_role: SignIn) -> None:
    waiting = {"_id": "imp_1", "kind": "sales", "file_name": "week0.csv", "status": "validated", "counts": {}}
    mongo.imports.insert_one(stamped(waiting, "tests"))
    planner, viewer = as_role(Role.ACCOUNT_MANAGER), as_role(Role.VIEWER)
    for page in (planner.get("/").text, planner.get("/notifications").text):
        assert "week0.csv" in page
        assert "waits for you to land it" in page
    assert "week0.csv" not in viewer.get("/notifications").text
    assert "Nothing is waiting for you." in viewer.get("/notifications").text


def test_what_was_seen_counts_no_more_and_what_came_meanwhile_does(as_role: SignIn) -> None:
    owner = as_role(Role.VIEWER)
    ended(owner)
    shown = marks(owner)
    ended(owner, "Training")
    assert new(owner) == 2
    assert owner.post("/notifications/seen", data={"mark": shown}, headers=PANEL).status_code == 204
    assert new(owner) == 1
    assert owner.post("/notifications/seen", data={"mark": marks(owner)}).status_code == 303
    assert new(owner) == 0
    assert "Training" in owner.get("/notifications").text, "seen is not gone"


def test_seen_is_each_persons_own_and_foreign_marks_are_not_stored(as_role: SignIn, redis_client: Any) -> None:
    one, other = as_role(Role.VIEWER), as_role(Role.VIEWER)
    ended(one)
    ended(other)
    one.post("/notifications/seen", data={"mark": [*marks(one), *marks(other), "job:made-up", "x" * 5000]})
    assert new(one) == 0
    assert new(other) == 1
    assert len(redis_client.smembers(notices_seen.key(one.person.user_id))) == 1


def test_without_redis_the_needs_are_told_and_the_page_says_what_is_missing(
    as_role: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = as_role(Role.VIEWER)

    def away(*_given: Any) -> Any:
        raise RedisAway("gone")

    monkeypatch.setattr(jobs, "ended_of", away)
    page = owner.get("/notifications")
    assert page.status_code == 200
    assert "Ended work cannot be told right now" in page.text
    assert 'data-new="0"' in page.text
    monkeypatch.setattr(notices_seen, "remember", away)
    answer = owner.post("/notifications/seen", data={"mark": ["job:x"]}, follow_redirects=True)
    assert "could not be remembered" in answer.text


def test_the_bell_listens_to_what_its_person_may_hear(as_role: SignIn) -> None:
    viewer, planner = as_role(Role.VIEWER), as_role(Role.ACCOUNT_MANAGER)
    assert f'data-topics="people/{viewer.person.user_id}"' in viewer.get("/about").text
    assert f'data-topics="people/{planner.person.user_id} imports promotions products"' in planner.get("/about").text


def test_nobody_has_no_bell_and_no_notifications(client: Any) -> None:
    assert 'data-module="bell"' not in client.get("/sign-in").text
    assert client.get("/notifications").status_code == 302
    assert client.post("/notifications/seen").status_code in {302, 401}
