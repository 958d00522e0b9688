"""The reasons say what the figures say, and no more."""

from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from ai.data.weeks import week_number
from ai.economics import Missing, Return
from ai.recommend.choice import Verdict, Worth
from ai.recommend.seen import Kind
from ai.recommend.words import kind_text, reasons, sharing, why_none

START = week_number(date(2026, 1, 5))
KIND = Kind(0.2, 1.0, 0.6, 0.0)


def earned(net: str, low: str = "1") -> Return:
    return Return(Decimal(9), Decimal(0), Decimal(5), Decimal(0), Decimal(net), Decimal(low), Decimal(99), None, None, None, [])


def worth(net: str, other: Any = None, low: str = "1") -> Worth:
    return Worth(earned(net, low), other or earned("3"), Decimal(100), 0)


def found(after: float = 0.0, cannibalised: float = 0.0) -> Any:
    product = SimpleNamespace(baseline=1000.0, promoted=2100.0, incremental=1100.0, after=after)
    return SimpleNamespace(products=[product], cannibalised=cannibalised)


def told(
    before: int | None = START - 3, simulated: Any = None, its: Worth | None = None, runner_up: Any = None, soonest: Any = None
) -> list[str]:
    return reasons(KIND, simulated or found(), its or worth("50"), START, before, 80, runner_up, soonest)


def test_the_rest_before_it_and_what_it_sells() -> None:
    assert told() == [
        "The last promotion in the sales ran in the week of 15 Dec 2025: 2 quiet weeks before it.",
        "At 20 % off, advertised in 60 % of the stores, it sells about 2\u202f100 units instead of 1\u202f000, "
        "2.1 times as many.",
    ]
    assert told(before=START - 1)[0].endswith("without a quiet week before it.")
    assert told(before=START - 2)[0].endswith("1 quiet week before it.")
    assert told(before=None)[0] == "It was not on promotion in the 80 weeks of sales at these stores."


def test_what_happens_elsewhere_is_told_when_it_is_notable() -> None:
    assert told(simulated=found(-200, -100))[2:] == [
        "About 200 of the extra units are borrowed from the weeks after.", "Other products lose about 100 units to it.",
    ]  # fmt: skip
    assert len(told(simulated=found(-10, -10))) == 2
    assert len(told(simulated=found(200, 100))) == 2


def test_other_kinds_and_other_weeks_are_held_against_it() -> None:
    other = (Kind(0.3, 1.0, 0.0, 1.0), worth("30"))
    assert told(runner_up=other)[2] == "30 % off, displayed in the same weeks would earn 20.00 less."
    for verdict, words in (("pays", "earn 20.00 less"), ("other_side_loses", "not pay")):
        assert told(soonest=(START - 2, verdict, worth("30")))[2].endswith(f"that of 22 Dec 2025, the same would {words}.")


def test_doubt_is_told() -> None:
    assert told(its=worth("50", low="-4"))[2] == "The 80 % band of the profit reaches below zero: it may lose money."
    unknown = Missing("unit_cost", "the product has no unit cost")
    assert told(its=worth("50", unknown))[2] == "What the other side earns cannot be told: the product has no unit cost."


def test_why_none_is_proposed_names_side_and_sum() -> None:
    def why(verdict: Verdict, its: Worth) -> str:
        return why_none(verdict, KIND, its, START, "manufacturer")

    assert "would lose 12.50 for the manufacturer" in why("loses", worth("-12.50"))
    assert "would earn 5.00, but the retailer would lose 7.00" in why("other_side_loses", worth("5", earned("-7")))
    assert "would spend 5.00, more than the limit allows" in why("guardrail", worth("5"))
    unknown = Worth(Missing("unit_cost", "no unit cost"), earned("1"), Decimal(0), 0)
    assert why("missing", unknown) == "what it earns cannot be told: no unit cost"


def test_who_pays_is_told_from_the_side_that_asked() -> None:
    assert sharing("manufacturer", 0.35).startswith("The manufacturer pays 35 % of the price cut: the least")
    assert "the most" in sharing("retailer", 0.35)
    assert kind_text(Kind(0.05, 0.0, 0.0, 0.0)) == "5 % off"
