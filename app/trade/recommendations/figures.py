"""What the page shows of a proposal: its words, its figures, and one picture of all."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.core.i18n import _
from app.core.settings import settings
from app.trade.planning.figures import mechanics_text
from app.trade.recommendations.models import RecommendationAsked
from app.web import formatting
from app.web.chart import Chart
from app.web.chart_kinds import Step, steps_chart

_FORM = ("discount", "feature", "display", "funding", "fixed")


def what(proposal: Mapping[str, Any]) -> str:
    """`25 % off, advertised`."""
    mechanics = proposal["mechanics"]
    shares = {name: Decimal(mechanics[name]) for name in ("discount", "feature", "display")}
    return mechanics_text(shares["discount"], mechanics["deal"], shares["feature"], shares["display"])


def tiles(proposal: Mapping[str, Any]) -> list[dict[str, str]]:
    """The figures that decide, each with its uncertainty."""
    net, money = proposal["net_units"], _money
    shown = [
        {
            "label": _("Extra units, net"),
            "value": formatting.signed(net["mean"]),
            "hint": _("{low} to {high}, 80 %", low=formatting.signed(net["lo80"]), high=formatting.signed(net["hi80"])),
            "tone": "",
        }
    ]
    for name, label in (("manufacturer", _("Manufacturer, net")), ("retailer", _("Retailer, net"))):
        account = proposal[name]
        if account.get("net") is None:
            shown.append({"label": label, "value": formatting.NOTHING, "hint": _("not known"), "tone": ""})
            continue
        hint = _("{low} to {high}, 80 %", low=money(account["net_lo80"]), high=money(account["net_hi80"]))
        if account.get("roi") is not None:
            hint += f" · {_('return {roi}', roi=formatting.roi(Decimal(account['roi'])))}"
        sure = Decimal(account["net_lo80"]) > 0
        shown.append({"label": label, "value": money(account["net"]), "hint": hint, "tone": "good" if sure else ""})
    paid = formatting.percent(Decimal(proposal["mechanics"]["funding"]))
    shown.append({"label": _("Paid by the manufacturer"), "value": paid, "hint": _("of the price cut"), "tone": ""})
    return shown


def form_values(proposal: Mapping[str, Any], asked: RecommendationAsked) -> dict[str, str]:
    """The proposal as the draft's form sends it and as the what-if's address: shares in the form's own terms."""
    mechanics = proposal["mechanics"]
    return {
        "product": proposal["product_id"],
        "start": proposal["start"],
        "weeks": str(asked.weeks),
        "deal": "1" if mechanics["deal"] else "",
        **{name: str(mechanics[name]) for name in _FORM},
    }


def whatif_values(proposal: Mapping[str, Any], weeks: int) -> dict[str, str]:
    """The sliders of the what-if as the proposal has them: whole percents."""
    mechanics = proposal["mechanics"]
    percents = {name: f"{100 * Decimal(mechanics[name]):.0f}" for name in ("discount", "feature", "display", "funding")}
    fixed = {"fixed": mechanics["fixed"]} if Decimal(mechanics["fixed"]) else {}
    deal = {"deal": "1"} if mechanics["deal"] else {}
    return {"product": proposal["product_id"], "start": proposal["start"], "weeks": str(weeks), **percents, **deal, **fixed}


def net_chart(found: Mapping[str, Any]) -> Chart | None:
    """What each proposal would earn, with its band; None for a single one."""
    proposals: Sequence[Mapping[str, Any]] = found["proposals"]
    if len(proposals) < 2:
        return None
    steps = [Step(one["product_name"], one["net"], one["net_lo80"], one["net_hi80"], total=True) for one in proposals]
    return steps_chart("recommended-net", steps, formatting.currency_symbol(settings().currency))


def _money(value: Any) -> str:
    return formatting.money(Decimal(str(value)), settings().currency, 0)
