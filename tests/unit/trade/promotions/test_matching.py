"""A deal found again is the promotion it was; only what sales changed changes."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.trade.promotions.deals import Deal, Level
from app.trade.promotions.matching import match


def deal(first: int, last: int) -> Deal:
    return Deal(Level.CHAIN, first, last, ("a",), None, Decimal(0), Decimal(0))


def test_the_same_first_week_is_the_same_promotion() -> None:
    matched = match({"p1": (10, 11)}, [deal(10, 13)])
    assert matched.pairs == [("p1", deal(10, 13))]
    assert (matched.new, matched.gone) == ([], [])


def test_a_deal_that_now_starts_earlier_keeps_its_id() -> None:
    assert match({"p1": (10, 12)}, [deal(9, 12)]).pairs == [("p1", deal(9, 12))]


def test_what_no_longer_shows_is_gone_and_what_was_not_there_is_new() -> None:
    matched = match({"p1": (10, 12)}, [deal(20, 21)])
    assert (matched.pairs, matched.new, matched.gone) == ([], [deal(20, 21)], ["p1"])


def test_of_two_that_grew_together_the_one_with_the_same_start_survives() -> None:
    matched = match({"p1": (10, 11), "p2": (13, 15)}, [deal(10, 15)])
    assert (matched.pairs, matched.gone) == ([("p1", deal(10, 15))], ["p2"])


WINDOWS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 3)), unique_by=lambda window: window[0]).map(
    lambda rows: [(first, first + length) for first, length in sorted(rows)]
)


@given(WINDOWS)
def test_finding_the_same_again_changes_nothing(windows: list[tuple[int, int]]) -> None:
    stored = {f"p{index}": window for index, window in enumerate(windows)}
    matched = match(stored, [deal(*window) for window in windows])
    assert (matched.new, matched.gone) == ([], [])
    assert {promotion_id: (found.first, found.last) for promotion_id, found in matched.pairs} == stored


@given(WINDOWS, WINDOWS)
def test_each_stored_and_each_found_is_used_once_and_no_start_is_taken_twice(
    before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    stored = {f"p{index}": window for index, window in enumerate(before)}
    matched = match(stored, [deal(*window) for window in after])
    paired = [promotion_id for promotion_id, _found in matched.pairs]
    assert sorted([*paired, *matched.gone]) == sorted(stored)
    assert len(matched.pairs) + len(matched.new) == len(after)
    for promotion_id, found in matched.pairs:
        holders = [other for other, (first, _last) in stored.items() if first == found.first]
        assert holders in ([], [promotion_id])
