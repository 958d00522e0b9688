"""Only what was seen is proposed, and only in weeks that the calendar's rules leave free."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ai.data.panel import Panel
from ai.recommend.seen import Busy, Kind, free_starts, kinds_seen, last_promoted

weeks = st.integers(0, 30)
busy = st.builds(lambda first, length: Busy(first, first + length), weeks, st.integers(0, 4))


def everything(panel: Panel) -> np.ndarray:
    return np.arange(len(panel.series))


def test_the_depths_and_supports_of_the_sales_are_proposed(panel: Panel) -> None:
    assert kinds_seen(panel, everything(panel), 0.5) == [Kind(0.25, 1.0, 0.0, 0.0)]
    assert kinds_seen(panel, everything(panel), 0.2) == []


def test_an_advertised_deal_is_proposed_once_it_was_seen(make_panel: Callable[..., Panel]) -> None:
    def advertised(sales: object) -> object:
        half = (sales.deal > 0) & (sales.customer % 2 == 0)  # type: ignore[attr-defined]
        return replace(sales, feature=half.astype(float))  # type: ignore[type-var]

    panel = make_panel(advertised)
    rows = np.array([n for n, (_c, product) in enumerate(panel.series) if product == "prd_a"])
    assert kinds_seen(panel, rows, 0.5) == [Kind(0.25, 1.0, 0.0, 0.0), Kind(0.25, 1.0, 0.5, 0.0)]


def test_many_depths_are_thinned_but_the_shallowest_and_deepest_stay(make_panel: Callable[..., Panel]) -> None:
    def deeper(sales: object) -> object:
        cut = 0.05 * (1 + np.arange(len(sales.units)) % 9)  # type: ignore[arg-type, attr-defined]
        return replace(sales, price=np.where(sales.deal > 0, 4 * (1 - cut), 4.0))  # type: ignore[attr-defined, type-var]

    panel = make_panel(deeper)
    cuts = [kind.cut for kind in kinds_seen(panel, everything(panel), 0.6)]
    assert len(cuts) == 5
    assert (cuts[0], cuts[-1]) == (0.05, 0.45)
    assert max(kind.cut for kind in kinds_seen(panel, everything(panel), 0.2)) == 0.2


def test_the_last_promotion_is_that_of_the_sales(make_panel: Callable[..., Panel], panel: Panel) -> None:
    rows = np.array([n for n, (_c, product) in enumerate(panel.series) if product == "prd_a"])
    promoted = [week for week in range(panel.weeks) if week % 7 < 2]
    assert last_promoted(panel, rows) == panel.first_week + promoted[-1]
    quiet = make_panel(lambda sales: replace(sales, deal=np.zeros(len(sales)), price=np.full(len(sales), 4.0)))
    assert last_promoted(quiet, rows) is None


@given(weeks, st.integers(1, 30), st.integers(1, 6), st.integers(0, 6), st.sets(weeks, max_size=5),
       st.lists(busy, max_size=3), st.none() | st.integers(-10, 5))  # fmt: skip
def test_a_free_start_keeps_every_rule_and_no_other_start_does(
    first: int, length: int, run: int, between: int, blackout: set[int], taken: list[Busy], before: int | None
) -> None:
    last = first + length - 1
    found = free_starts(first, last, run, between, blackout, taken, before)
    every = [*taken, *([Busy(before, before)] if before is not None else [])]
    for start in range(first - 3, last + 3):
        running = set(range(start, start + run))
        near = {week for one in every for week in range(one.first - between, one.last + between + 1)}
        keeps = first <= start and max(running) <= last and not running & blackout and not running & near
        assert (start in found) == keeps
