"""The result of a promotion in sentences that say no more than is known."""

from decimal import Decimal
from typing import Any

from app.trade.promotions.reading import sentences


def read(**changes: Any) -> list[str]:
    analysis = {
        "state": "done",
        "actual_units": 5000,
        "incremental_units": {"mean": 1240, "lo80": 1100, "hi80": 1390},
        "post_dip_units": {"mean": -310},
        "net_incremental_units": {"mean": 930},
        **changes,
    }
    return sentences(analysis, lambda value: f"{value:g}", lambda value: f"${value}")


def side(margin: str, spend: str) -> dict[str, Decimal]:
    return {"incremental_margin": Decimal(margin), "spend": Decimal(spend), "net": Decimal(margin) - Decimal(spend)}


def test_uplift_and_what_was_borrowed() -> None:
    assert read() == [
        "It sold 5000 units, about 1240 more than it would have without the promotion (1100 to 1390).",
        "About 310 of those were borrowed from the weeks after, which leaves 930.",
    ]


def test_a_band_that_holds_zero_claims_nothing() -> None:
    told = read(incremental_units={"mean": 40, "lo80": -60, "hi80": 140}, post_dip_units=None)
    assert told == ["It sold 5000 units; that is not clearly different from what would have sold without it."]


def test_fewer_sold_than_usual() -> None:
    assert "about 200 fewer" in read(incremental_units={"mean": -200, "lo80": -300, "hi80": -100})[0]


def test_a_small_dip_is_not_worth_a_sentence() -> None:
    assert len(read(post_dip_units={"mean": -10})) == 1


def test_who_gained_and_who_lost() -> None:
    told = read(manufacturer=side("300", "500"), retailer=side("700", "500"), post_dip_units=None)
    assert told[1:] == [
        "The manufacturer spent $500 and lost $200 of it.",
        "The retailer spent $500 and got it back with $200 on top.",
    ]


def test_more_than_everything_can_be_lost() -> None:
    assert read(manufacturer=side("-100", "500"), post_dip_units=None)[1:] == ["The manufacturer spent $500 and lost $600."]


def test_a_missing_side_and_an_unfinished_analysis_say_nothing() -> None:
    assert read(manufacturer={"missing": "unit_cost"}, post_dip_units=None)[1:] == []
    assert read(state="waiting") == []
