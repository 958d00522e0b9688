"""Deals as sales show them: judged weeks, chain events, and the store deals that remain."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trade.promotions.deals import Deal, Level, SeenWeek, find_deals, runs, seen_weeks
from app.trade.promotions.regular_price import PricedWeek

FIVE_PERCENT = Decimal("0.05")


def priced(number: int, price: str, deal: bool = False, feature: float = 0.0) -> PricedWeek:
    return PricedWeek(number, 10, Decimal(price), None, deal, feature, False)


def series(*promoted: int, weeks: range = range(10)) -> list[SeenWeek]:
    return [
        SeenWeek(number, 10, number in promoted, Decimal("0.2") if number in promoted else Decimal(0), number in promoted, False)
        for number in weeks
    ]


def windows(deals: list[Deal], level: Level) -> list[tuple[int, int]]:
    return [(deal.first, deal.last) for deal in deals if deal.level is level]


def test_a_price_five_percent_under_regular_is_a_promotion_and_a_little_less_is_not() -> None:
    usual = [priced(number, "2.00") for number in range(6)]
    cut = seen_weeks([*usual, priced(6, "1.90")], FIVE_PERCENT)[-1]
    near = seen_weeks([*usual, priced(6, "1.91")], FIVE_PERCENT)[-1]
    assert (cut.promoted, cut.depth) == (True, FIVE_PERCENT)
    assert not near.promoted


def test_a_flag_is_a_promotion_at_any_price_and_a_higher_price_is_no_negative_discount() -> None:
    usual = [priced(number, "2.00") for number in range(6)]
    featured = seen_weeks([*usual, priced(6, "2.50", feature=0.3)], FIVE_PERCENT)[-1]
    assert (featured.promoted, featured.feature, featured.depth) == (True, True, Decimal(0))


def test_half_of_the_selling_stores_make_a_chain_event() -> None:
    stores = {"a": series(3, 4), "b": series(3), "c": series(), "d": series()}
    found = find_deals(stores)
    assert windows(found, Level.CHAIN) == [(3, 3)]
    assert found[0].customer_ids == ("a", "b")


def test_stores_that_did_not_sell_in_the_week_do_not_count() -> None:
    stores = {"a": series(3), "b": series(weeks=range(6, 10)), "c": series(weeks=range(6, 10))}
    assert windows(find_deals(stores), Level.CHAIN) == [(3, 3)]


def test_a_week_beside_the_event_belongs_to_it_and_two_weeks_are_a_store_deal() -> None:
    stores = {"a": series(4, 5), "b": series(5, 6, 7), "c": series(5), "d": series()}
    found = find_deals(stores)
    assert windows(found, Level.CHAIN) == [(5, 5)]
    assert [(deal.customer_ids, deal.first, deal.last) for deal in found if deal.level is Level.STORE] == [(("b",), 6, 7)]


def test_a_lone_week_far_from_any_event_is_a_store_deal() -> None:
    stores = {"a": series(1), "b": series(), "c": series(5, 8), "d": series(5), "e": series(5)}
    assert windows(find_deals(stores), Level.STORE) == [(1, 1), (8, 8)]


def test_a_customer_without_stores_is_a_chain_of_one() -> None:
    assert windows(find_deals({"only": series(2, 3, 6)}), Level.CHAIN) == [(2, 3), (6, 6)]


def test_a_gap_of_a_week_parts_two_events() -> None:
    assert windows(find_deals({"a": series(1, 2, 4)}), Level.CHAIN) == [(1, 2), (4, 4)]


def test_shares_and_depth_are_over_the_promoted_store_weeks() -> None:
    one = [SeenWeek(1, 5, True, Decimal("0.10"), True, False), SeenWeek(2, 5, True, Decimal("0.30"), False, True)]
    deal = find_deals({"a": one})[0]
    assert (deal.discount, deal.deal_share, deal.feature_share) == (Decimal("0.2000"), Decimal("0.5000"), Decimal("0.5000"))


CHAINS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.dictionaries(st.integers(0, 20), st.booleans(), min_size=1).map(
        lambda weeks: [SeenWeek(n, 1, on, Decimal(0), on, False) for n, on in sorted(weeks.items())]
    ),
    min_size=1,
)


@pytest.mark.slow
@given(CHAINS)
def test_every_promoted_store_week_is_in_at_most_one_deal_and_none_starts_without_one(chain: dict[str, list[SeenWeek]]) -> None:
    found = find_deals(chain)
    for store, weeks in chain.items():
        for seen in weeks:
            holders = [deal for deal in found if store in deal.customer_ids and deal.first <= seen.number <= deal.last]
            assert len(holders) <= 1
    for deal in found:
        promoted = {week.number for store in deal.customer_ids for week in chain[store] if week.promoted}
        assert deal.first in promoted
        assert deal.last in promoted


@pytest.mark.slow
@given(CHAINS)
def test_finding_does_not_depend_on_the_order_of_stores(chain: dict[str, list[SeenWeek]]) -> None:
    assert find_deals(chain) == find_deals(dict(reversed(chain.items())))


@given(st.sets(st.integers(0, 100)))
def test_runs_hold_every_number_once_and_never_touch(numbers: set[int]) -> None:
    found = runs(sorted(numbers))
    assert sorted(number for run in found for number in run) == sorted(numbers)
    assert all(later[0] > earlier[-1] + 1 for earlier, later in pairwise(found))
