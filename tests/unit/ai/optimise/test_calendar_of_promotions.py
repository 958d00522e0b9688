"""The calendar keeps every rule, is the best by exhaustion where that can be tried, and says why."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.optimise.calendar import Candidate, NoCalendar, Rules, best_calendar, clash

pytestmark = pytest.mark.slow  # models are trained here


def event(key: str, value: int, spend: int, first: int, product: str = "a", units: float = 10.0, weeks: int = 2) -> Candidate:
    return Candidate(key, value, spend, units, frozenset({("store", product)}), first, first + weeks - 1)


def numbered(found: list[Candidate]) -> list[Candidate]:
    return [replace(candidate, id=str(number)) for number, candidate in enumerate(found)]


one_event = st.builds(
    event, st.just(""), st.integers(-500, 5_000), st.integers(0, 3_000), st.integers(0, 12), st.sampled_from("ab")
)
events = st.lists(one_event, min_size=1, max_size=8).map(numbered)


def allowed(taken: tuple[Candidate, ...], rules: Rules) -> bool:
    apart = not any(clash(one, other, rules.weeks_between) for one, other in combinations(taken, 2))
    return apart and sum(one.spend for one in taken) <= rules.budget and len(taken) <= (rules.most_events or 99)


@settings(max_examples=30, deadline=None)
@given(events, st.integers(0, 6_000), st.integers(0, 3))
def test_it_is_the_best_of_all_calendars_and_never_exceeds_the_budget(found: list[Candidate], budget: int, between: int) -> None:
    rules = Rules(budget, weeks_between=between, most_events=4)
    calendar = best_calendar(found, rules)
    taken = tuple(one for one in found if one.id in calendar.chosen)
    assert allowed(taken, rules)
    assert calendar.spend <= budget
    every = (some for size in range(len(found) + 1) for some in combinations(found, size))
    best = max(sum(one.value for one in some) for some in every if allowed(some, rules))
    assert best * 0.99 - 1 <= calendar.value <= best
    assert calendar.value <= calendar.bound


def test_every_event_has_a_reason() -> None:
    found = [
        event("good", 900, 100, 0), event("near", 300, 100, 2), event("bad", -5, 10, 8), event("dear", 800, 5_000, 8, "b"),
    ]  # fmt: skip
    reasons = best_calendar(found, Rules(1_000, weeks_between=2)).reasons
    assert {key: reason.code for key, reason in reasons.items()} == {
        "good": "chosen", "near": "near", "bad": "loses", "dear": "budget",
    }  # fmt: skip
    assert reasons["near"].rivals == ("good",)
    assert "too near to good" in reasons["near"].text


def test_a_demanded_event_is_in_and_an_excluded_one_out() -> None:
    found = [event("a", 900, 100, 0), event("b", 300, 100, 0)]
    assert best_calendar(found, Rules(500, must=frozenset({"b"}))).chosen == ("b",)
    assert best_calendar(found, Rules(500, never=frozenset({"a"}))).chosen == ("b",)


def test_units_that_cannot_be_reached_are_told_with_what_can() -> None:
    with pytest.raises(NoCalendar, match="the other rules allow about 10"):
        best_calendar([event("a", 900, 100, 0), event("b", 900, 100, 0)], Rules(500, fewest_units=1_000))


def test_demanded_events_beyond_the_budget_or_each_other_are_told() -> None:
    both = frozenset({"a", "b"})
    with pytest.raises(NoCalendar, match=r"alone spend 6\.00, more than the budget of 5\.00"):
        best_calendar([event("a", 900, 300, 0), event("b", 900, 300, 9)], Rules(500, must=both))
    with pytest.raises(NoCalendar, match="too near to each other"):
        best_calendar([event("a", 900, 100, 0), event("b", 900, 100, 1)], Rules(500, must=both))


def test_an_event_that_loses_money_may_be_needed_for_the_units() -> None:
    calendar = best_calendar(
        [event("a", -50, 100, 0), event("b", 900, 100, 0)], Rules(500, fewest_units=5, never=frozenset({"b"}))
    )
    assert calendar.chosen == ("a",)
    assert "loses money" in calendar.reasons["a"].text


def test_two_hundred_candidates_over_a_year_are_near_the_bound() -> None:
    rng = np.random.default_rng(4)
    found = [
        event(str(n), int(rng.integers(100, 90_000)), int(rng.integers(100, 50_000)), int(rng.integers(0, 50)), f"p{n % 20}")
        for n in range(200)
    ]
    calendar = best_calendar(found, Rules(1_500_000, weeks_between=3, most_at_once=6))
    assert calendar.gap <= 0.01
    assert calendar.spend <= 1_500_000
    for week in range(52):
        assert sum(one.first <= week <= one.last for one in found if one.id in calendar.chosen) <= 6
