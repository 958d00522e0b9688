"""A promotion's result in plain sentences (pure; numbers come formatted by the functions passed in)."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from app.core.i18n import _, ngettext

Figure = Callable[[Any], str]

# A post-promotion change smaller than this share of the uplift is not worth a sentence.
_NOTABLE_DIP = 0.02


# The weeks after that hold this share of what was borrowed are "the next three weeks".
_MOST_OF_IT = 0.9
# What a hundredth of the currency is called, and the currency; others are told in percent.
_COINS = {"USD": ("cents", "dollar"), "EUR": ("cents", "euro"), "GBP": ("pence", "pound"), "ZAR": ("cents", "rand"),
          "AUD": ("cents", "dollar"), "CAD": ("cents", "dollar"), "NZD": ("cents", "dollar")}  # fmt: skip


def sentences(analysis: Mapping[str, Any], number: Figure, about: Figure, money: Figure, currency: str = "") -> list[str]:
    """What happened, how often chance does the same, what it cost the weeks after and other products, and who earned; empty
    without a finished analysis.

    `about` writes an interval rounded to what is known: "about 1 240 (1 100 to 1 390)".
    """
    incremental = analysis.get("incremental_units")
    if analysis.get("state") != "done" or not incremental:
        return []
    told = [_sold(incremental, analysis, number, about), *by_chance(analysis.get("placebo_p_value"))]
    told += _borrowed(analysis, about)
    told += _others(analysis, about)
    told += _earned(analysis.get("manufacturer"), money, _("The manufacturer"), currency)
    told += _earned(analysis.get("retailer"), money, _("The retailer"), currency)
    return told


def by_chance(p_value: float | None) -> list[str]:
    """How often weeks in which nothing happened strayed as far; empty where too few such weeks exist to tell."""
    if p_value is None:
        return []
    times = round(100 * p_value)
    if times < 1:
        return [_("A promotion that did nothing would look like this less than once in 100 times.")]
    if times == 1:
        return [_("A promotion that did nothing would look like this about once in 100 times.")]
    return [_("A promotion that did nothing would look like this about {times} times in 100.", times=times)]


def certain(interval: Mapping[str, Any] | None) -> bool:
    """Whether the 80 % band lies on one side of zero."""
    if not interval or interval.get("lo80") is None or interval.get("hi80") is None:
        return False
    return bool(interval["lo80"] > 0 or interval["hi80"] < 0)


def _sold(incremental: Mapping[str, Any], analysis: Mapping[str, Any], number: Figure, about: Figure) -> str:
    actual = number(analysis.get("actual_units"))
    if not certain(incremental):
        return _("It sold {actual} units; that is not clearly different from what would have sold without it.", actual=actual)
    if incremental["mean"] < 0:
        return _("It sold {actual} units, {less} fewer than without it.", actual=actual, less=about(turned(incremental)))
    return _(
        "It sold {actual} units, {more} more than it would have without the promotion.", actual=actual, more=about(incremental)
    )


def _borrowed(analysis: Mapping[str, Any], about: Figure) -> list[str]:
    dip, mean = analysis.get("post_dip_units") or {}, analysis["incremental_units"]["mean"]
    if dip.get("mean") is None or mean <= 0 or abs(dip["mean"]) < abs(mean) * _NOTABLE_DIP or not certain(dip):
        return []
    if dip["mean"] < 0:
        net = about(analysis.get("net_incremental_units"))
        told = {"dip": about(turned(dip)), "net": net, "when": _when(analysis)}
        return [_("Of those {dip} were borrowed from {when}, which leaves {net}.", **told)]
    return [_("The weeks after sold {dip} more than usual too.", dip=about(dip))]


def _when(analysis: Mapping[str, Any]) -> str:
    """`the next three weeks`: those after the promotion that hold nearly all of what was borrowed."""
    taken = [min(week.get("expected_dip") or 0.0, 0.0) for week in analysis.get("weeks") or () if week.get("role") == "post"]
    whole, summed = sum(taken), 0.0
    for number, units in enumerate(taken, start=1):
        summed += units
        if whole < 0 and summed <= _MOST_OF_IT * whole:
            words = {2: _("two"), 3: _("three"), 4: _("four"), 5: _("five"), 6: _("six")}
            return ngettext("the next week", "the next {count} weeks", number, count=words.get(number, str(number)))
    return _("the weeks after")


def _others(analysis: Mapping[str, Any], about: Figure) -> list[str]:
    """What other products of the category lost to it, or gained with it, where that is notable and certain."""
    mean, told = analysis["incremental_units"]["mean"], []
    lost, drawn = analysis.get("cannibalised_units") or {}, analysis.get("halo_units") or {}
    if mean > 0 and lost.get("mean") is not None and -lost["mean"] >= mean * _NOTABLE_DIP and certain(lost):
        told.append(_("Other products of the category lost {units} to it.", units=about(turned(lost))))
    if mean > 0 and drawn.get("mean") is not None and drawn["mean"] >= mean * _NOTABLE_DIP and certain(drawn):
        told.append(_("It drew {units} more of other products of the category.", units=about(drawn)))
    return told


def turned(interval: Mapping[str, Any]) -> dict[str, float | None]:
    """The interval of what is missing instead of what is there."""

    def minus(name: str) -> float | None:
        return None if interval.get(name) is None else -interval[name]

    return {"mean": minus("mean"), "lo80": minus("hi80"), "hi80": minus("lo80")}


def per_spent(side: Mapping[str, Any], currency: str) -> str:
    """`4 cents lost on every dollar spent, give or take 6`; empty without a return or its band."""
    spend, net = side.get("spend"), side.get("net")
    low, high = side.get("net_lo80"), side.get("net_hi80")
    if side.get("roi") is None or not spend or net is None or low is None or high is None or not currency:
        return ""
    each, half = 100 * Decimal(net) / Decimal(spend), 50 * (Decimal(high) - Decimal(low)) / Decimal(spend)
    coins, whole = _COINS.get(currency, ("%", ""))
    places = 0 if half >= 1 or abs(each) >= 10 else 1
    told = {"each": f"{abs(each):.{places}f}", "half": f"{half:.{places}f}", "coins": _(coins), "whole": _(whole)}
    if not whole:
        gain = _("{each} % of the spend gained, give or take {half}", **told)
        return gain if each >= 0 else _("{each} % of the spend lost, give or take {half}", **told)
    gain = _("{each} {coins} gained on every {whole} spent, give or take {half}", **told)
    return gain if each >= 0 else _("{each} {coins} lost on every {whole} spent, give or take {half}", **told)


def _earned(side: Mapping[str, Any] | None, money: Figure, who: str, currency: str = "") -> list[str]:
    if not side or side.get("net") is None:
        return []
    net, spend = side["net"], money(side["spend"])
    rate = per_spent(side, currency)
    rate = f": {rate}" if rate else ""
    if not clearly_gained_or_lost(side):
        told = {"who": who, "net": money(net), "low": money(side["net_lo80"]), "high": money(side["net_hi80"])}
        spent = f" ({rate[2:]})" if rate else ""
        return [
            _("{who} came out at about {net} ({low} to {high}): a gain or a loss cannot be told{spent}.", spent=spent, **told)
        ]
    if not side.get("spend"):
        return [_("{who} spent nothing on it and earned {net} more.", who=who, net=money(net))] if net >= 0 else []
    if net >= 0:
        return [
            _("{who} spent {spend} and got it back with {net} on top{rate}.", who=who, spend=spend, net=money(net), rate=rate)
        ]
    told = {"who": who, "spend": spend, "loss": money(-net), "rate": rate}
    if _partly(side):
        return [_("{who} spent {spend} and lost {loss} of it{rate}.", **told)]
    return [_("{who} spent {spend} and lost {loss}{rate}.", **told)]


def clearly_gained_or_lost(side: Mapping[str, Any]) -> bool:
    """Whether the 80 % band of the net lies on one side of zero; without a band the net itself is all that is known."""
    low, high = side.get("net_lo80"), side.get("net_hi80")
    return low is None or high is None or low > 0 or high < 0


def _partly(side: Mapping[str, Any]) -> bool:
    """Some of the spend came back, not all."""
    margin = side["incremental_margin"]
    return margin is not None and bool(margin + (side.get("other_products_margin") or 0) > 0)
