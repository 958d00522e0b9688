"""A calendar's lanes fill their weeks exactly, and the budget strip never runs backwards."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.trade.planning.gantt import calendar

START = date(2026, 7, 6)


def event(week: int, weeks: int = 2, product: str = "Juice", spend: str = "100", chosen: bool = True) -> dict[str, Any]:
    start = START + timedelta(weeks=week)
    return {
        "chosen": chosen, "product_id": "prd", "product_name": product, "customer_name": "Chain", "start": start,
        "end": start + timedelta(weeks=weeks, days=-1), "spend": Decimal(spend),
    }  # fmt: skip


def test_events_lie_in_their_weeks_and_blackouts_are_hatched() -> None:
    found = [event(1), event(4), event(0, chosen=False)]
    drawn = calendar(found, START, START + timedelta(weeks=8, days=-1), [date(2026, 7, 28)], Decimal(400))
    [lane] = drawn.lanes
    assert [(cell.span, cell.event is not None, cell.blackout) for cell in lane.cells] == [
        (1, False, False), (2, True, False), (1, False, True), (2, True, False), (1, False, False), (1, False, False),
    ]  # fmt: skip
    assert drawn.shares == [0.0, 0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 0.5]


@given(st.lists(st.integers(0, 5), max_size=6, unique=True), st.integers(1, 2))
def test_every_lane_has_every_week_once(starts: list[int], weeks: int) -> None:
    found = [event(2 * start, weeks) for start in starts]
    drawn = calendar(found, START, START + timedelta(weeks=12, days=-1), [], Decimal(250))
    assert len(drawn.weeks) == 12
    for lane in drawn.lanes:
        assert sum(cell.span for cell in lane.cells) == 12
        assert sum(cell.event is not None for cell in lane.cells) == len(starts)
    assert drawn.shares == sorted(drawn.shares)
    assert all(0 <= share <= 1 for share in drawn.shares)
