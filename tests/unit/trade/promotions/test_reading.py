"""The result of a promotion in sentences that say no more than is known."""

from decimal import Decimal
from typing import Any

from app.trade.promotions.reading import sentences


def read(**changes: Any) -> list[str]:
    analysis = {
        "state": "done",
        "actual_units": 5000,
        "incremental_units": {"mean": 1240, "lo80": 1100, "hi80": 1390},
        "post_dip_units": {"mean": -310, "lo80": -400, "hi80": -200},
        "net_incremental_units": {"mean": 930, "lo80": 800, "hi80": 1100},
        **changes,
    }
    return sentences(analysis, lambda value: f"{value:g}", about, lambda value: f"${value}")


def about(interval: dict[str, float]) -> str:
    return f"about {interval['mean']:g} ({interval['lo80']:g} to {interval['hi80']:g})"


def side(margin: str, spend: str) -> dict[str, Decimal]:
    return {"incremental_margin": Decimal(margin), "spend": Decimal(spend), "net": Decimal(margin) - Decimal(spend)}


def test_uplift_and_what_was_borrowed() -> None:
    assert read() == [
        "It sold 5000 units, about 1240 (1100 to 1390) more than it would have without the promotion.",
        "Of those about 310 (200 to 400) were borrowed from the weeks after, which leaves about 930 (800 to 1100).",
    ]


def test_a_band_that_holds_zero_claims_nothing() -> None:
    told = read(incremental_units={"mean": 40, "lo80": -60, "hi80": 140}, post_dip_units=None)
    assert told == ["It sold 5000 units; that is not clearly different from what would have sold without it."]


def test_fewer_sold_than_usual() -> None:
    assert "about 200 (100 to 300) fewer" in read(incremental_units={"mean": -200, "lo80": -300, "hi80": -100})[0]


def test_a_dip_that_is_small_or_uncertain_is_not_worth_a_sentence() -> None:
    assert len(read(post_dip_units={"mean": -10, "lo80": -12, "hi80": -8})) == 1
    assert len(read(post_dip_units={"mean": -310, "lo80": -700, "hi80": 80})) == 1


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


def test_a_net_whose_band_holds_zero_is_neither_gain_nor_loss() -> None:
    told = read(manufacturer={**side("300", "500"), "net_lo80": Decimal(-450), "net_hi80": Decimal(50)}, post_dip_units=None)
    assert told[1:] == ["The manufacturer came out at about $-200 ($-450 to $50): a gain or a loss cannot be told."]
