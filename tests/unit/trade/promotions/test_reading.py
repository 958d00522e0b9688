"""The result of a promotion in sentences that say no more than is known."""

from decimal import Decimal
from typing import Any

import pytest

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


@pytest.mark.parametrize(
    ("p_value", "words"),
    [
        (0.12, "about 12 times in 100"), (0.0149, "about once in 100 times"), (0.004, "less than once in 100 times"),
        (0.0, "less than once in 100 times"), (1.0, "about 100 times in 100"),
    ],
)  # fmt: skip
def test_how_often_nothing_looks_like_this(p_value: float, words: str) -> None:
    assert read(placebo_p_value=p_value)[1] == f"A promotion that did nothing would look like this {words}."
    assert not any("did nothing" in sentence for sentence in read(placebo_p_value=None))


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


def weeks(*dips: float) -> list[dict[str, Any]]:
    return [{"role": "promotion", "expected_dip": 0.0}, *({"role": "post", "expected_dip": dip} for dip in dips)]


def test_the_weeks_that_were_borrowed_from_are_counted() -> None:
    assert "borrowed from the next three weeks" in read(weeks=weeks(-150, -100, -50, -10, 0, 0))[1]
    assert "borrowed from the next week" in read(weeks=weeks(-300, -10, 0))[1]
    assert "borrowed from the weeks after" in read(weeks=[])[1]


def test_other_products_are_told_where_it_is_notable_and_certain() -> None:
    lost = {"mean": -120, "lo80": -160, "hi80": -80}
    drawn = {"mean": 90, "lo80": 60, "hi80": 120}
    told = read(cannibalised_units=lost, halo_units=drawn)
    assert "Other products of the category lost about 120 (80 to 160) to it." in told
    assert "It drew about 90 (60 to 120) more of other products of the category." in told
    assert len(read(cannibalised_units={**lost, "hi80": 20}, halo_units={"mean": 3, "lo80": 1, "hi80": 5})) == 2


def banded(margin: str, spend: str, half: str) -> dict[str, Decimal | None]:
    one = side(margin, spend)
    ends = {"net_lo80": one["net"] - Decimal(half), "net_hi80": one["net"] + Decimal(half), "roi": Decimal(1)}
    return {**one, **ends}


def told_in(currency: str, account: dict[str, Any]) -> str:
    analysis = {"state": "done", "actual_units": 1, "incremental_units": {"mean": 1}, "manufacturer": account}
    return sentences(analysis, str, lambda _interval: "", lambda value: f"${value}", currency)[1]


def test_every_dollar_spent_is_told_in_cents() -> None:
    assert told_in("USD", banded("900", "1000", "60")) == (
        "The manufacturer spent $1000 and lost $100 of it: 10 cents lost on every dollar spent, give or take 6."
    )
    assert "(4 cents lost on every dollar spent, give or take 6)." in told_in("USD", banded("960", "1000", "60"))
    assert told_in("EUR", banded("1250", "1000", "100")).endswith(
        "with $250 on top: 25 cents gained on every euro spent, give or take 10."
    )
    assert told_in("GBP", banded("900", "1000", "60")).endswith("10 pence lost on every pound spent, give or take 6.")
    assert told_in("SEK", banded("900", "1000", "60")).endswith("10 % of the spend lost, give or take 6.")


def test_without_a_return_nothing_is_said_about_every_dollar() -> None:
    assert "every dollar" not in told_in("USD", {**banded("900", "1000", "60"), "roi": None})
