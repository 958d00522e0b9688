"""What a list sends of its ticked rows, and what a step would do to each of them."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.trade.promotions.batch import MOST, Chosen, _foreseen, parse
from app.trade.promotions.models import PromotionStatus

TODAY = date(2026, 3, 2)


def row(**changes: Any) -> dict[str, Any]:
    start = datetime(2026, 3, 16, tzinfo=UTC)
    return {"_id": "prm_1", "version": 3, "status": "draft", "origin": "entered", "start": start, **changes}


def foreseen(stored: dict[str, Any] | None, wanted: PromotionStatus) -> tuple[bool, str]:
    answer = _foreseen(Chosen("prm_1", 3), stored, wanted, TODAY)
    return answer.done, answer.reason


def test_a_promotion_ticked_twice_is_one() -> None:
    assert parse(["prm_1~3", "prm_2~1", "prm_1~3"]) == [Chosen("prm_1", 3), Chosen("prm_2", 1)]


@pytest.mark.parametrize("values", [[], [""], ["prm_1"], ["prm_1~"], ["~3"], ["prm_1~x"], ["prm_1~-1"], ["prm_1~3", "prm_2~²"]])
def test_nonsense_and_nothing_are_refused_in_words(values: list[str]) -> None:
    with pytest.raises(Invalid, match="tick"):
        parse(values)


def test_too_many_at_once_are_refused_with_the_limit() -> None:
    assert len(parse([f"prm_{number}~1" for number in range(MOST)])) == MOST
    with pytest.raises(Invalid, match=f"{MOST} promotions at once; {MOST + 1}"):
        parse([f"prm_{number}~1" for number in range(MOST + 1)])


@given(st.lists(st.text(), max_size=5))
def test_any_text_is_read_or_refused(values: list[str]) -> None:
    try:
        parse(values)
    except Invalid:
        return


def test_a_possible_step_is_foreseen() -> None:
    assert foreseen(row(), PromotionStatus.CANCELLED) == (True, "")


def test_what_is_gone_changed_or_not_possible_says_so() -> None:
    assert "gone" in foreseen(None, PromotionStatus.ACTIVE)[1]
    assert "changed after" in foreseen(row(version=4), PromotionStatus.ACTIVE)[1]
    assert "can only become" in foreseen(row(), PromotionStatus.COMPLETED)[1]
    assert "already happened" in foreseen(row(origin="observed"), PromotionStatus.CANCELLED)[1]
    assert "not started yet" in foreseen(row(status="active"), PromotionStatus.COMPLETED)[1]
    assert not foreseen(row(status="completed"), PromotionStatus.CANCELLED)[0]
