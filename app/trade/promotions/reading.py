"""A promotion's result in plain sentences (pure; numbers come formatted by the functions passed in)."""

from collections.abc import Callable, Mapping
from typing import Any

from app.core.i18n import _

Figure = Callable[[Any], str]

# A post-promotion change smaller than this share of the uplift is not worth a sentence.
_NOTABLE_DIP = 0.02


def sentences(analysis: Mapping[str, Any], number: Figure, about: Figure, money: Figure) -> list[str]:
    """What happened, what it cost the weeks after, and who earned; empty without a finished analysis.

    `about` writes an interval rounded to what is known: "about 1 240 (1 100 to 1 390)".
    """
    incremental = analysis.get("incremental_units")
    if analysis.get("state") != "done" or not incremental:
        return []
    told = [_sold(incremental, analysis, number, about)]
    told += _borrowed(analysis, about)
    told += _earned(analysis.get("manufacturer"), money, _("The manufacturer"))
    told += _earned(analysis.get("retailer"), money, _("The retailer"))
    return told


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
        return _("It sold {actual} units, {less} fewer than without it.", actual=actual, less=about(_turned(incremental)))
    return _(
        "It sold {actual} units, {more} more than it would have without the promotion.", actual=actual, more=about(incremental)
    )


def _borrowed(analysis: Mapping[str, Any], about: Figure) -> list[str]:
    dip, mean = analysis.get("post_dip_units") or {}, analysis["incremental_units"]["mean"]
    if dip.get("mean") is None or mean <= 0 or abs(dip["mean"]) < abs(mean) * _NOTABLE_DIP or not certain(dip):
        return []
    if dip["mean"] < 0:
        net = about(analysis.get("net_incremental_units"))
        return [_("Of those {dip} were borrowed from the weeks after, which leaves {net}.", dip=about(_turned(dip)), net=net)]
    return [_("The weeks after sold {dip} more than usual too.", dip=about(dip))]


def _turned(interval: Mapping[str, Any]) -> dict[str, float | None]:
    """The interval of what is missing instead of what is there."""

    def minus(name: str) -> float | None:
        return None if interval.get(name) is None else -interval[name]

    return {"mean": minus("mean"), "lo80": minus("hi80"), "hi80": minus("lo80")}


def _earned(side: Mapping[str, Any] | None, money: Figure, who: str) -> list[str]:
    if not side or side.get("net") is None:
        return []
    net, spend = side["net"], money(side["spend"])
    if not clearly_gained_or_lost(side):
        told = {"who": who, "net": money(net), "low": money(side["net_lo80"]), "high": money(side["net_hi80"])}
        return [_("{who} came out at about {net} ({low} to {high}): a gain or a loss cannot be told.", **told)]
    if not side.get("spend"):
        return [_("{who} spent nothing on it and earned {net} more.", who=who, net=money(net))] if net >= 0 else []
    if net >= 0:
        return [_("{who} spent {spend} and got it back with {net} on top.", who=who, spend=spend, net=money(net))]
    if _partly(side):
        return [_("{who} spent {spend} and lost {loss} of it.", who=who, spend=spend, loss=money(-net))]
    return [_("{who} spent {spend} and lost {loss}.", who=who, spend=spend, loss=money(-net))]


def clearly_gained_or_lost(side: Mapping[str, Any]) -> bool:
    """Whether the 80 % band of the net lies on one side of zero; without a band the net itself is all that is known."""
    low, high = side.get("net_lo80"), side.get("net_hi80")
    return low is None or high is None or low > 0 or high < 0


def _partly(side: Mapping[str, Any]) -> bool:
    """Some of the spend came back, not all."""
    return bool(side["incremental_margin"] is not None and side["incremental_margin"] > 0)
