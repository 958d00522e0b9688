"""What the planning pages show of an answer: sentences, tiles, charts and both sides' accounts."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.i18n import N_, _, ngettext
from app.core.settings import settings
from app.trade.promotions import figures as promotion_figures
from app.trade.promotions.analysis import exact_side
from app.trade.promotions.figures import SideShown
from app.trade.promotions.reading import certain, clearly_gained_or_lost, per_spent, turned
from app.web import formatting
from app.web.chart import Chart, Window
from app.web.chart_kinds import Curve, Part, Points, Step, response_chart, stack_chart, steps_chart

SUPPORTS = {"none": (N_("Price alone"), "4"), "deal": (N_("Flagged as a deal"), "gain"), "feature": (N_("Deal, advertised"), "3")}
# A sentence about other products needs at least this share of the uplift.
_NOTABLE = 0.02


def row_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as the promotion's figures take a promotion: money exact."""
    sides = {name: exact_side(answer[name]) for name in ("manufacturer", "retailer")}
    return {"currency": settings().currency, "analysis": sides}


def sides(answer: Mapping[str, Any]) -> list[SideShown]:
    """Both sides' accounts, manufacturer first."""
    return [promotion_figures.side(row_of(answer), name) for name in ("manufacturer", "retailer")]


def tiles(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The four figures that matter, each with its uncertainty."""
    net = answer["net_units"]
    shown = [
        {
            "label": _("Extra units, net"),
            "value": formatting.signed(net["mean"]),
            "hint": _band(net),
            "tone": "",
            "help": _("After what is borrowed from the weeks after and taken from other products"),
        },
        {
            "label": _("Units on promotion"),
            "value": formatting.number(answer["promoted_units"]),
            "hint": _("{units} without it", units=formatting.number(answer["baseline_units"])),
            "tone": "",
            "help": "",
        },
    ]
    row = row_of(answer)
    for name, label in (("manufacturer", _("Manufacturer, net")), ("retailer", _("Retailer, net"))):
        account = row["analysis"][name]
        if account.get("net") is None:
            shown.append({"label": label, "value": formatting.NOTHING, "hint": _("not known"), "tone": "", "help": ""})
            continue
        money = promotion_figures.whole_money(row)
        returned = formatting.roi(account["roi"]) if account.get("roi") is not None else ""
        hint = _("{low} to {high}, 80 %", low=money(account["net_lo80"]), high=money(account["net_hi80"]))
        hint += f" · {_('return {roi}', roi=returned)}" if returned else ""
        tone = promotion_figures.tile_tone(account)
        shown.append({"label": label, "value": money(account["net"]), "hint": hint, "tone": tone, "help": ""})
    return shown


def reading(answer: Mapping[str, Any]) -> list[str]:
    """What would happen, in sentences that say no more than is known."""
    incremental, number = answer["incremental_units"], formatting.number
    units = {"base": number(answer["baseline_units"]), "sold": number(answer["promoted_units"])}
    if certain(incremental) and incremental["mean"] > 0:
        told = [_("It would sell {sold} units instead of {base}: {more} more.", more=formatting.about(incremental), **units)]
    else:
        told = [_("It would sell {sold} units instead of {base}; that is within what chance does.", **units)]
    told += _left_behind(answer)
    for name, who in (("manufacturer", _("The manufacturer")), ("retailer", _("The retailer"))):
        account = promotion_figures.exactly(row_of(answer)["analysis"])[name]
        if account and account.get("net") is not None:
            told += [f"{who} {text}." for text in [_earned(account)] if text]
    return told


def _left_behind(answer: Mapping[str, Any]) -> list[str]:
    mean, dip, others = answer["incremental_units"]["mean"], answer["post_dip_units"], answer["other_products_units"]
    told = []
    if mean > 0 and dip["mean"] < 0 and -dip["mean"] >= mean * _NOTABLE and certain(dip):
        told.append(_("{dip} of them would be borrowed from the weeks after.", dip=_upper(formatting.about(turned(dip)))))
    if mean > 0 and abs(others["mean"]) >= mean * _NOTABLE and certain(others):
        if others["mean"] < 0:
            told.append(_("Other products would lose {units} to it.", units=formatting.about(turned(others))))
        else:
            told.append(_("It would draw {units} more of other products.", units=formatting.about(others)))
    return told


def _earned(account: Mapping[str, Any]) -> str:
    money = promotion_figures.whole_money({"currency": settings().currency})
    spent = per_spent(account, settings().currency)
    net = money(abs(account["net"]))
    words = _("would gain {net}", net=net) if account["net"] >= 0 else _("would lose {net}", net=net)
    if not account.get("spend"):
        return words
    if not clearly_gained_or_lost(account):
        low, high = money(account["net_lo80"]), money(account["net_hi80"])
        words = _("would come out between {low} and {high}: a gain or a loss cannot be told", low=low, high=high)
        return f"{words} ({spent})" if spent else words
    return f"{words}: {spent}" if spent else words


def weeks_chart(answer: Mapping[str, Any]) -> Chart:
    """What each week would be made of."""
    weeks = answer["weeks"]
    during = [week for week in weeks if week["role"] == "promotion"]
    window = Window(during[0]["week"], _sunday(during[-1]["week"]), _("Promotion"))
    parts = [
        Part(_("Without it"), [week["baseline"] for week in weeks], "baseline"),
        Part(_("Because of it"), [week["incremental"] for week in weeks], "gain"),
        Part(_("Borrowed from later"), [min(week["after"], 0.0) for week in weeks], "loss"),
        Part(_("Still more after"), [max(week["after"], 0.0) for week in weeks], "2"),
    ]
    band = [week["lo80"] for week in weeks], [week["hi80"] for week in weeks]
    line = (_("Expected"), [week["expected"] for week in weeks])
    return stack_chart("whatif-weeks", [week["week"] for week in weeks], parts, _("units"), line, band, [window])


def steps_of(answer: Mapping[str, Any]) -> Chart:
    """How the extra units come to their net."""
    named = (
        (_("Its weeks"), "incremental_units", False),
        (_("Weeks after"), "post_dip_units", False),
        (_("Others"), "other_products_units", False),
        (_("Net"), "net_units", True),
    )
    steps = [Step(name, answer[key]["mean"], answer[key]["lo80"], answer[key]["hi80"], total) for name, key, total in named]
    return steps_chart("whatif-parts", steps, _("units"))


def curve_chart(answer: Mapping[str, Any], currency: str) -> Chart:
    """Units a store and week over price, and every week as a point."""
    seen = answer["price_regular"] * (1 - answer["deepest_seen"])
    curves = []
    for curve in answer["curves"]:
        name, tone = SUPPORTS[curve["support"]]
        points = curve["points"]
        columns = {key: [point[key] for point in points] for key in ("price", "units", "lo80", "hi80")}
        curves.append(Curve(_(name), tone, columns["price"], columns["units"], columns["lo80"], columns["hi80"]))
    unit_x = _("price paid, {currency} per unit", currency=formatting.currency_symbol(currency))
    return response_chart("price-response", curves, _groups(answer["weeks"]), unit_x, _("units a store and week"), seen)


def _groups(weeks: Sequence[Mapping[str, Any]]) -> list[Points]:
    found: dict[str, list[tuple[float, float, str]]] = {"quiet": [], "deal": [], "feature": []}
    for week in weeks:
        kind = "feature" if week["feature"] >= 0.2 else "deal" if week["promoted"] else "quiet"
        found[kind].append((week["price"], week["units"], formatting.week(week["week"])))
    named = (
        ("quiet", _("Quiet weeks"), "baseline"),
        ("deal", _("Promoted weeks"), "gain"),
        ("feature", _("Advertised weeks"), "3"),
    )
    return [Points(name, tone, found[kind]) for kind, name, tone in named if found[kind]]


def estimate(value: Mapping[str, Any]) -> str:
    """`−2.31 ± 0.12`: an elasticity with its standard error; one that the product's own sales do not hold says so."""
    told = f"{formatting.number(value['value'], 2)} ± {formatting.number(value['standard_error'], 2)}"
    stands_in = {"category": _("from its category"), "prior": _("assumed")}.get(value.get("basis", "own"))
    return f"{told}, {stands_in}" if stands_in else told


def response_reading(answer: Mapping[str, Any]) -> str:
    """The promotion elasticity as a sentence."""
    if not answer["elasticities"]:
        return ""
    found = answer["elasticities"][0]["promotion"]
    half = 1.28 * found["standard_error"]
    sold, low, high = (100 * (0.9 ** (found["value"] + change) - 1) for change in (0.0, half, -half))
    return _(
        "10 % off sells about {more} % more ({low} to {high} %), before flag and advertisement add to it.",
        more=formatting.number(sold), low=formatting.number(low), high=formatting.number(high),
    )  # fmt: skip


def mechanics_text(discount: Decimal, deal: bool, feature: Decimal, display: Decimal) -> str:
    """`25 % off, advertised in half of the stores`: an event's mechanics in a few words."""
    parts = [_("{share} off", share=formatting.percent(discount))] if discount else [_("no price cut")]
    if feature:
        parts.append(_("advertised") if feature == 1 else _("advertised {share}", share=formatting.percent(feature)))
    if display:
        parts.append(_("display") if display == 1 else _("display {share}", share=formatting.percent(display)))
    if not deal and not feature and not display:
        parts.append(_("not flagged"))
    return ", ".join(parts)


def weeks_text(count: int) -> str:
    """`2 weeks`."""
    return ngettext("{count} week", "{count} weeks", count)


def _band(interval: Mapping[str, Any]) -> str:
    return _("{low} to {high}, 80 %", low=formatting.signed(interval["lo80"]), high=formatting.signed(interval["hi80"]))


def _sunday(day: Any) -> date:
    monday = date.fromisoformat(str(day)[:10])
    return date.fromordinal(monday.toordinal() + 6)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
