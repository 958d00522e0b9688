"""A step for several promotions from the list: asked first, each answers for itself, audited one by one."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import load_workbook
from pymongo.errors import AutoReconnect

from app.core.errors import Unavailable
from app.core.events import STREAM
from app.trade.promotions import batch, service, store
from app.trade.promotions.models import PromotionStatus, StatusChange

FORM = {
    "customer_id": "cus_acme", "product_ids": ["prd_sku1"], "start": "2026-03-16", "end": "2026-03-29", "discount": "25",
    "type": "display", "confirmed": "1",
}  # fmt: skip
HERE = "/promotions/selected"


@pytest.fixture
def planner(market: Any, as_role: Any) -> Any:
    return as_role("account_manager")


@pytest.fixture
def drafts(planner: Any) -> Callable[[int], list[str]]:
    """`drafts(3)`: that many drafts, as a list sends them when they are ticked."""

    def make(count: int) -> list[str]:
        for number in range(count):
            answer = planner.post("/promotions/new", data={**FORM, "name": f"Draft {number}"})
            assert answer.status_code == 302, answer.text
        return [f"{row['_id']}~{row['version']}" for row in store.find({}, sort=[("_id", 1)])]

    return make


def states() -> list[str]:
    return [row["status"] for row in store.find({}, sort=[("_id", 1)])]


def test_the_list_offers_steps_to_planners_and_files_to_everyone(drafts: Any, planner: Any, as_role: Any) -> None:
    [one] = drafts(1)
    page = planner.get("/promotions?level=all").text
    assert f'name="chosen" value="{one}"' in page
    assert 'aria-label="Tick Draft 0"' in page
    assert 'value="cancelled"' in page.split("data-picked")[1]
    bar = as_role("viewer").get("/promotions?level=all").text.split("data-picked")[1]
    assert 'value="csv"' in bar
    assert 'value="cancelled"' not in bar


def test_nothing_changes_before_it_is_confirmed(drafts: Any, planner: Any) -> None:
    chosen = drafts(2)
    asked = planner.post(HERE, data={"action": "cancelled", "chosen": chosen})
    assert asked.status_code == 200
    assert "Cancel 2 promotions?" in asked.text
    assert "Nothing has changed yet" in asked.text
    assert states() == ["draft", "draft"]


def test_each_answers_for_itself_and_is_audited(drafts: Any, planner: Any, mongo: Any) -> None:
    chosen = drafts(3)
    moved, gone = chosen[1].split("~")[0], chosen[2].split("~")[0]
    planner.post(f"/promotions/{moved}/status", data={"status": "active", "version": "1"})
    store.collection().delete_one({"_id": gone})
    form = {"action": "cancelled", "chosen": chosen, "confirmed": "1", "reason": "The retailer withdrew"}
    done = planner.post(HERE, data=form)
    assert "1 of 3 promotions done" in done.text
    assert done.text.count("Left as it is") == 2
    assert "changed by somebody else" in done.text
    assert states() == ["cancelled", "active"]
    entries = list(mongo.audit.find({"action": "promotions.status"}).sort("_id", -1))
    assert [entry["subject_id"] for entry in entries] == [chosen[0].split("~")[0], moved]
    assert "The retailer withdrew" in str(entries[0])


def test_sent_twice_it_is_done_once(drafts: Any, planner: Any, mongo: Any) -> None:
    form = {"action": "cancelled", "chosen": drafts(2), "confirmed": "1"}
    assert "2 promotions done" in planner.post(HERE, data=form).text
    assert "0 of 2 promotions done" in planner.post(HERE, data=form).text
    assert mongo.audit.count_documents({"action": "promotions.status"}) == 2


def test_others_hear_of_every_change(drafts: Any, planner: Any, redis_client: Any) -> None:
    chosen = drafts(2)
    before = redis_client.xlen(STREAM)
    planner.post(HERE, data={"action": "active", "chosen": chosen, "confirmed": "1"})
    told = [fields for _id, fields in redis_client.xrange(STREAM)[before:] if fields["topic"] == "promotions"]
    assert [fields["type"] for fields in told] == ["promotion.status"] * 2


def test_steps_that_are_not_possible_offer_no_button(drafts: Any, planner: Any) -> None:
    asked = planner.post(HERE, data={"action": "completed", "chosen": drafts(1)})
    assert "none of them can take this step" in asked.text
    assert 'name="confirmed"' not in asked.text


def test_a_database_that_goes_away_leaves_no_silence(drafts: Any, planner: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = batch.parse(drafts(3))
    real, asked = service.set_status, []

    def failing(who: Any, promotion_id: str, wanted: StatusChange) -> Any:
        asked.append(promotion_id)
        if len(asked) == 2:
            raise AutoReconnect("gone")
        return real(who, promotion_id, wanted)

    monkeypatch.setattr(service, "set_status", failing)
    answers = batch.apply(planner.person, chosen, PromotionStatus.CANCELLED)
    assert [answer.done for answer in answers] == [True, False, False]
    assert "Look at it before" in answers[1].reason
    assert "Not tried" in answers[2].reason
    assert len(asked) == 2
    assert states() == ["cancelled", "draft", "draft"]


def test_a_step_taken_whose_analysis_cannot_be_queued_is_told_as_done(
    drafts: Any, planner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_given: Any) -> str:
        raise Unavailable("The job queue does not answer right now.")

    monkeypatch.setattr(service.entered, "wants_analysis", lambda _row: True)
    monkeypatch.setattr(service, "_queue", away)
    page = planner.post(HERE, data={"action": "active", "chosen": drafts(1), "confirmed": "1"}).text
    assert "1 promotion done" in page
    assert "The job queue does not answer" in page
    assert states() == ["active"]


def test_only_the_ticked_rows_are_exported(drafts: Any, planner: Any, as_role: Any) -> None:
    chosen = drafts(3)[:2]
    answer = as_role("viewer").post(HERE, data={"action": "csv", "chosen": chosen})
    assert "attachment" in answer.headers["Content-Disposition"]
    lines = answer.text.strip().splitlines()
    assert len(lines) == 3
    assert "Draft 0" in lines[1]
    book = load_workbook(io.BytesIO(planner.post(HERE, data={"action": "xlsx", "chosen": chosen}).data))
    assert len(list(book.active.rows)) == 3


def test_who_may_not_plan_may_not_step(drafts: Any, as_role: Any) -> None:
    form = {"action": "cancelled", "chosen": drafts(1), "confirmed": "1"}
    assert as_role("viewer").post(HERE, data=form).status_code == 403
    assert states() == ["draft"]


@pytest.mark.parametrize(
    "form",
    [
        {"action": "cancelled"},
        {"action": "explode", "chosen": "prm_1~1"},
        {"chosen": "prm_1~1"},
        {"action": "csv", "chosen": "x"},
    ],
)
def test_nonsense_is_refused_in_words(planner: Any, form: dict[str, str]) -> None:
    answer = planner.post(HERE, data=form)
    assert answer.status_code == 422
    assert "list" in answer.text


@pytest.mark.parametrize(
    ("back", "kept"),
    [
        ("/promotions?state=draft", True),
        ("/promotions", True),
        ("https://evil.example/promotions", False),
        ("//evil.example", False),
        ("/sign-out", False),
    ],
)
def test_one_comes_back_to_the_list_as_it_was(drafts: Any, planner: Any, back: str, kept: bool) -> None:
    page = planner.post(HERE, data={"action": "cancelled", "chosen": drafts(1), "back": back}).text
    assert f'href="{back if kept else "/promotions"}"' in page
    assert "evil.example" not in page


def test_a_browser_needs_the_token(drafts: Any, app: Any, planner: Any) -> None:
    browser = app.test_client()
    answer = browser.post(HERE, data={"action": "cancelled", "chosen": drafts(1), "confirmed": "1"})
    assert answer.status_code in {302, 401, 403}
    assert states() == ["draft"]
    assert planner.get(HERE).headers["Location"].endswith("/promotions")
