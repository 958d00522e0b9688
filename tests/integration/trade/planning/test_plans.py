"""Plans of the optimiser: asked, worked out by the worker, shown, and accepted into drafts exactly once."""

from typing import Any

import pytest

from app.access.audit import store as audit
from app.core.paging import PageRequest
from app.trade.planning import store
from app.trade.promotions import store as promotions
from app.worker.run import run_pending

from .conftest import RecordedAi, recorded

ASKED = {
    "name": "June", "customer_ids": ["cus_acme"], "product_ids": ["prd_juice"], "start": "2026-06-01", "end": "2026-06-28",
    "weeks": 2, "budget": "1500", "mechanics": [{"discount": "0.15", "funding": "0.3"}, {"discount": "0.25", "funding": "0.3"}],
}  # fmt: skip
FORM = {
    "name": "June", "customer_ids": ["cus_acme"], "product_ids": ["prd_juice"], "start": "2026-06-01", "end": "2026-06-28",
    "weeks": "2", "budget": "1 500", "side": "manufacturer", "discount_1": "15", "discount_2": "25", "most_discount": "40",
    "weeks_between": "2",
}  # fmt: skip


@pytest.fixture
def done(market: Any, ai: RecordedAi, as_role: Any) -> str:
    answer = as_role("account_manager").post("/api/v1/planning/plans", json=ASKED)
    assert answer.status_code == 202, answer.text
    assert run_pending() == 1
    return str(answer.json["id"])


def chosen(client: Any, plan_id: str) -> list[dict[str, Any]]:
    return [event for event in client.get(f"/api/v1/planning/plans/{plan_id}").json["events"] if event["chosen"]]


def test_a_plan_is_worked_out_and_every_event_has_its_verdict(done: str, ai: RecordedAi, as_role: Any) -> None:
    plan = as_role("viewer").get(f"/api/v1/planning/plans/{done}").json
    given = recorded("optimise")
    assert (plan["state"], plan["net"], plan["bound"]) == ("done", given["net"], given["bound"])
    [question] = ai.questions("/v1/optimise")
    assert len(question["candidates"]) == len(plan["events"]) == 12
    assert {candidate["product_ids"][0] for candidate in question["candidates"]} == {"prd_sku1", "prd_sku2"}
    assert (question["budget"], question["weeks_between"]) == ("1500", 2)
    assert all(event["reason"] for event in plan["events"])
    assert float(plan["net_lo80"]) < float(plan["net"]) < float(plan["net_hi80"])
    picked = [event["id"] for event in plan["events"] if event["chosen"]]
    assert sorted(picked) == sorted(event["id"] for event in given["events"] if event["chosen"])


def test_promotions_that_exist_keep_their_weeks(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("account_manager")
    terms = {"name": "Spring", "customer_id": "cus_acme", "product_ids": ["prd_brand"], "start": "2026-06-08",
             "end": "2026-06-21", "discount": "0.2"}  # fmt: skip
    assert client.post("/api/v1/promotions", json=terms).status_code == 201
    assert client.post("/api/v1/planning/plans", json=ASKED).status_code == 202
    run_pending()
    [question] = ai.questions("/v1/optimise")
    [there] = question["taken"]
    assert (there["customer_ids"], there["start"], there["end"]) == (["cus_acme"], "2026-06-08", "2026-06-21")
    assert sorted(there["product_ids"]) == ["prd_sku1", "prd_sku2"]


def test_the_job_run_again_changes_nothing(done: str, ai: RecordedAi) -> None:
    from app.core.jobs import Progress
    from app.trade.planning.work import work_out

    before = store.get(done)
    assert work_out(Progress.unwatched(), done) == {"state": "done"}
    assert store.get(done) == before
    assert len(ai.questions("/v1/optimise")) == 1


def test_events_become_drafts_once_however_often_they_are_accepted(done: str, as_role: Any) -> None:
    client = as_role("account_manager")
    ids = [event["id"] for event in chosen(client, done)]
    assert ids
    first = client.post(f"/api/v1/planning/plans/{done}/accept", json={"events": ids[:1]})
    both = client.post(f"/api/v1/planning/plans/{done}/accept", json={"events": ids})
    again = client.post(f"/api/v1/planning/plans/{done}/accept", json={"events": ids})
    assert both.json == again.json, both.text
    assert first.json["promotions"][ids[0]] == both.json["promotions"][ids[0]]
    assert promotions.count({}) == len(ids)
    draft = client.get(f"/api/v1/promotions/{both.json['promotions'][ids[0]]}").json
    assert (draft["status"], draft["planned"]["origin"], draft["planned"]["plan_id"]) == ("draft", "optimiser", done)
    entries = audit.page({"action": "planning.events_accepted"}, PageRequest("-at", 10)).items
    assert [sorted(entry["after"]["events"]) for entry in entries] == [sorted(ids[1:]), ids[:1]][-len(entries) :]
    assert {event["promotion_id"] for event in chosen(client, done)} == set(both.json["promotions"].values())


def test_an_interrupted_accept_is_taken_up_where_it_stopped(done: str, as_role: Any) -> None:
    client = as_role("account_manager")
    key = chosen(client, done)[0]["id"]
    made = client.post(f"/api/v1/planning/plans/{done}/accept", json={"events": [key]}).json["promotions"][key]
    store.collection().update_one({"_id": done}, {"$set": {"accepted": {}}})
    assert client.post(f"/api/v1/planning/plans/{done}/accept", json={"events": [key]}).json["promotions"][key] == made
    assert promotions.count({}) == 1


def test_unknown_events_unfinished_plans_and_viewers_are_refused(done: str, as_role: Any, ai: RecordedAi) -> None:
    client = as_role("account_manager")
    assert client.post(f"/api/v1/planning/plans/{done}/accept", json={"events": ["e999"]}).status_code == 422
    assert client.post("/api/v1/planning/plans/pln_gone/accept", json={"events": ["e1"]}).status_code == 404
    assert as_role("viewer").post(f"/api/v1/planning/plans/{done}/accept", json={"events": ["e1"]}).status_code == 403
    waiting = client.post("/api/v1/planning/plans", json=ASKED).json["id"]
    assert client.post(f"/api/v1/planning/plans/{waiting}/accept", json={"events": ["e1"]}).status_code == 409


def test_a_plan_keeps_the_measured_error_of_its_model(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client, told = as_role("account_manager"), recorded("optimise")
    told["model"]["metrics"] = {"chain": {"wmape": 0.218}}
    ai.instead["/v1/optimise"] = (200, told)
    plan_id = client.post("/api/v1/planning/plans", json=ASKED).json["id"]
    run_pending()
    assert client.get(f"/api/v1/planning/plans/{plan_id}").json["model"]["metrics"]["chain"]["wmape"] == 0.218
    assert "a baseline of a chain and week 22" in client.get(f"/optimiser/{plan_id}").text


def test_effects_that_were_never_seen_are_told_with_the_calendar(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client, told = as_role("account_manager"), recorded("optimise")
    for event in told["events"]:
        event["warnings"] = ["no sale of A ever had a display"]
    ai.instead["/v1/optimise"] = (200, told)
    plan_id = client.post("/api/v1/planning/plans", json=ASKED).json["id"]
    run_pending()
    assert chosen(client, plan_id)[0]["warnings"] == ["no sale of A ever had a display"]
    assert client.get(f"/optimiser/{plan_id}").text.count("No sale of A ever had a display.") == 1


def test_rules_that_no_calendar_keeps_are_told_clearly(market: Any, ai: RecordedAi, as_role: Any) -> None:
    ai.instead["/v1/optimise"] = (422, recorded("infeasible"))
    client = as_role("account_manager")
    plan_id = client.post("/api/v1/planning/plans", json={**ASKED, "rules": {"fewest_units": 10_000_000}}).json["id"]
    run_pending()
    plan = client.get(f"/api/v1/planning/plans/{plan_id}").json
    assert plan["state"] == "infeasible"
    assert "cannot be reached" in plan["detail"]
    page = client.get(f"/optimiser/{plan_id}").text
    assert "No calendar keeps all of these rules" in page
    assert "cannot be reached" in page


def test_a_service_that_does_not_answer_fails_the_plan_and_says_so(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("account_manager")
    plan_id = client.post("/api/v1/planning/plans", json=ASKED).json["id"]
    ai.down = True
    run_pending()
    plan = client.get(f"/api/v1/planning/plans/{plan_id}").json
    assert plan["state"] == "failed"
    assert "does not answer" in plan["detail"]


def test_a_person_has_three_plans_at_work_at_most(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("viewer")
    answers = [client.post("/api/v1/planning/plans", json=ASKED).status_code for _turn in range(4)]
    assert answers == [202, 202, 202, 409]


def test_a_question_that_makes_no_sense_is_named(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("viewer")
    for changes, field in (
        ({"customer_ids": ["cus_gone"]}, "customer_ids"),
        ({"product_ids": ["prd_gone"]}, "product_ids"),
        ({"end": "2027-06-28"}, "end"),
        ({"mechanics": [{"discount": "0.45"}]}, "most_discount"),
        ({"rules": {"blackout": ["2026-06-03", "2026-06-10", "2026-06-17", "2026-06-24"]}}, "blackout"),
    ):
        answer = client.post("/api/v1/planning/plans", json={**ASKED, **changes})
        assert answer.status_code == 422, answer.text
        assert field in {error["field"] for error in answer.json["errors"]}


def test_the_page_asks_shows_and_accepts(market: Any, ai: RecordedAi, as_role: Any) -> None:
    client = as_role("account_manager")
    assert "Find the best calendar" in client.get("/optimiser").text
    asked = client.post("/optimiser", data=FORM)
    assert asked.status_code == 302, asked.text
    waiting = client.get(asked.headers["Location"]).text
    assert 'data-module="progress"' in waiting
    run_pending()
    page = client.get(asked.headers["Location"]).text
    assert "No calendar earns more than" in page
    assert 'class="gantt"' in page
    assert "Why the others are out" in page
    plan_id = asked.headers["Location"].rsplit("/", 1)[1]
    ids = [event["id"] for event in chosen(client, plan_id)]
    made = client.post(f"/optimiser/{plan_id}/accept", data={"events": ids}, follow_redirects=True)
    assert f"{len(ids)} events are draft promotions now" in made.text
    assert made.text.count("Open the draft") == len(ids)
    lines = client.get(f"/optimiser/{plan_id}?format=csv").text.strip().splitlines()
    assert len(lines) == 13
    again = client.get(f"/optimiser?again={plan_id}").text
    assert 'value="1500"' in again
    assert 'value="15"' in again


def test_the_form_keeps_what_was_typed(market: Any, ai: RecordedAi, as_role: Any) -> None:
    answer = as_role("account_manager").post("/optimiser", data={**FORM, "budget": "lots", "name": "Mine"})
    assert answer.status_code == 422
    assert 'value="lots"' in answer.text
    assert 'value="Mine"' in answer.text
    assert "Write a number" in answer.text
