"""Why a promotion is proposed, in plain words; why none is."""

from __future__ import annotations

from ai.economics import Missing
from ai.models.simulate import Simulation
from ai.recommend.choice import Verdict, Worth, net_of
from ai.recommend.seen import Kind
from ai.wording import figure, week_text

_NOTABLE = 0.02  # of the extra units, before what happens elsewhere is told


def kind_text(kind: Kind) -> str:
    """`20 % off, advertised in 60 % of the stores`."""
    told = [f"{kind.cut:.0%} off".replace("%", " %")]
    for share, word in ((kind.feature, "advertised"), (kind.display, "displayed")):
        if share > 0:
            told.append(word if share >= 1 else f"{word} in {round(100 * share)} % of the stores")
    return ", ".join(told)


def reasons(
    kind: Kind,
    found: Simulation,
    worth: Worth,
    start: int,
    before: int | None,
    weeks_known: int,
    runner_up: tuple[Kind, Worth] | None,
    soonest: tuple[int, Verdict, Worth] | None,
) -> list[str]:
    """One sentence each; `before`: the last promoted week of the sales; runner_up: the best other kind in the same weeks;
    soonest: the same kind in the first free week, None where that is proposed."""
    told = [_rest(start, before, weeks_known), _sells(kind, found)]
    told += _elsewhere(found)
    if runner_up is not None:
        other, its = runner_up
        told.append(f"{_upper(kind_text(other))} in the same weeks would earn {figure(net_of(worth) - net_of(its), 2)} less.")
    if soonest is not None:
        first, judged, its = soonest
        less = f"earn {figure(net_of(worth) - net_of(its), 2)} less" if judged == "pays" else "not pay"
        told.append(f"In the first free week, that of {week_text(first)}, the same would {less}.")
    if not isinstance(worth.own, Missing) and worth.own.net_lo80 < 0:
        told.append("The 80 % band of the profit reaches below zero: it may lose money.")
    if isinstance(worth.other, Missing):
        told.append(f"What the other side earns cannot be told: {worth.other.detail}.")
    return told


def _rest(start: int, before: int | None, weeks_known: int) -> str:
    if before is None:
        return f"It was not on promotion in the {weeks_known} weeks of sales at these stores."
    rest = start - before - 1
    quiet = f"{rest} quiet week{'s' if rest != 1 else ''} before it" if rest else "without a quiet week before it"
    return f"The last promotion in the sales ran in the week of {week_text(before)}: {quiet}."


def _sells(kind: Kind, found: Simulation) -> str:
    base, sold = (sum(getattr(one, name) for one in found.products) for name in ("baseline", "promoted"))
    times = f", {sold / base:.1f} times as many" if base > 0 else ""
    return f"At {kind_text(kind)}, it sells about {figure(sold)} units instead of {figure(base)}{times}."


def _elsewhere(found: Simulation) -> list[str]:
    extra = sum(one.incremental for one in found.products)
    after = sum(one.after for one in found.products)
    told = []
    if extra > 0 and -after >= _NOTABLE * extra:
        told.append(f"About {figure(-after)} of the extra units are borrowed from the weeks after.")
    if extra > 0 and -found.cannibalised >= _NOTABLE * extra:
        told.append(f"Other products lose about {figure(-found.cannibalised)} units to it.")
    return told


def sharing(side: str, funding: float) -> str:
    """Why this part of the price cut is the manufacturer's."""
    share = f"The manufacturer pays {round(100 * funding)} % of the price cut"
    if side == "manufacturer":
        return f"{share}: the least, in steps of 5 %, that leaves the retailer without a loss."
    return f"{share}: the most, in steps of 5 %, that leaves the manufacturer without a loss."


def why_none(verdict: Verdict, kind: Kind, worth: Worth, start: int, side: str) -> str:
    """Why the best promotion of a product is not proposed."""
    best = f"{kind_text(kind)} in the week of {week_text(start)}"
    if isinstance(worth.own, Missing):
        return f"what it earns cannot be told: {worth.own.detail}"
    if verdict == "loses":
        return f"no promotion of it pays: the best, {best}, would lose {figure(-worth.own.net, 2)} for the {side}"
    if verdict == "other_side_loses" and not isinstance(worth.other, Missing):
        other = "retailer" if side == "manufacturer" else "manufacturer"
        gain, loss = figure(worth.own.net, 2), figure(-worth.other.net, 2)
        return f"the best for the {side}, {best}, would earn {gain}, but the {other} would lose {loss}"
    return f"the best, {best}, would spend {figure(worth.own.spend, 2)}, more than the limit allows"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
