"""What the page of one promotion shows: its figures, charts, sides, stores and history, in words for people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.core.i18n import _
from app.core.mongo import Document
from app.trade.customers.store import nodes as customers
from app.trade.promotions.listing import exact
from app.trade.promotions.models import Origin
from app.trade.promotions.reading import clearly_gained_or_lost
from app.trade.sales import store as sales
from app.trade.sales.models import SalesFilter, SalesPoint, Source
from app.web import formatting
from app.web.chart import Chart, Window, baseline_chart, lines_chart

_WEEKS_BEFORE = 6
_MONEY = ("incremental_margin", "other_products_margin", "spend", "net", "net_lo80", "net_hi80", "roi", "roi_lo80", "roi_hi80")


@dataclass(frozen=True)
class Line:
    """One line of a side's account; `kind` is plain, sum or ratio."""

    label: str
    value: str
    note: str = ""
    tone: str = ""
    strong: bool = False


@dataclass(frozen=True)
class SideShown:
    """One side's account, or what is missing for it."""

    title: str
    lines: list[Line]
    basis: list[str]
    missing: str = ""


def units_chart(row: Mapping[str, Any]) -> Chart:
    """Actual against the baseline band, the promotion's weeks shaded."""
    return baseline_chart("weeks", row["analysis"].get("weeks") or [], [window(row)], unit=_("units"))


def price_chart(row: Mapping[str, Any]) -> Chart:
    """Price paid against the regular price, the promotion's weeks shaded."""
    weeks = row["analysis"].get("weeks") or []
    paid = {"name": _("Price paid"), "values": [week.get("price") for week in weeks]}
    regular = {"name": _("Regular"), "values": [week.get("price_regular") for week in weeks]}
    unit = _("{currency} per unit", currency=row["currency"])
    return lines_chart("price", [week["week"] for week in weeks], [paid, regular], unit, [window(row)], from_zero=False)


def flags_chart(row: Mapping[str, Any]) -> Chart:
    """Which share of the stores had it on deal and in the advertisement, by week."""
    weeks = row["analysis"].get("weeks") or []
    deal = {"name": _("On deal"), "values": _percents(weeks, "deal"), "bar": True}
    feature = {"name": _("Featured"), "values": _percents(weeks, "feature"), "bar": True}
    return lines_chart("flags", [week["week"] for week in weeks], [deal, feature], "%", [window(row)])


def _percents(weeks: list[Mapping[str, Any]], name: str) -> list[float | None]:
    return [None if week.get(name) is None else round(100 * float(week[name]), 1) for week in weeks]


def window(row: Mapping[str, Any]) -> Window:
    return Window(row["start"], row["end"], _("Promotion"))


def side(row: Mapping[str, Any], name: str) -> SideShown:
    """The account of `manufacturer` or `retailer`."""
    title = _("Manufacturer") if name == "manufacturer" else _("Retailer")
    account = row["analysis"].get(name) or {}
    if account.get("missing") or exact(account.get("net")) is None:
        return SideShown(title, [], [], _missing(name, account))
    lines = [
        Line(_("Margin on the extra units"), money_of(row, account["incremental_margin"])),
        *_others(row, exact(account.get("other_products_margin"))),
        Line(_("Spent on it"), money_of(row, account["spend"], minus=True), _spend_note(name)),
    ]
    if exact(account.get("funding_kept")):
        lines.append(Line(_("Funding kept"), money_of(row, account["funding_kept"]), _("Received beyond the price cut")))
    net = exact(account["net"])
    assert net is not None
    band = band_of(row, account)
    lines.append(Line(_("Net"), money_of(row, net), band, tone=_tone(account), strong=True))
    lines.append(_return(account))
    return SideShown(title, lines, [_basis(text) for text in account.get("basis") or ()])


def _others(row: Mapping[str, Any], margin: Decimal | None) -> list[Line]:
    """What other products of the category lost or gained; nothing where it is nothing, or was not counted yet."""
    if not margin:
        return []
    note = _("Their units that it took") if margin < 0 else _("Their units that it drew")
    return [Line(_("Margin on other products"), money_of(row, margin), note)]


def _tone(account: Mapping[str, Any]) -> str:
    """Coloured only when the band lies on one side of zero."""
    exactly_known = {name: exact(account.get(name)) for name in _MONEY}
    if not clearly_gained_or_lost(exactly_known):
        return ""
    return "gain" if (exactly_known["net"] or 0) >= 0 else "loss"


def tile_tone(account: Mapping[str, Any] | None) -> str:
    """The same for a tile."""
    return {"gain": "good", "loss": "bad", "": ""}[_tone(account)] if account and account.get("net") is not None else ""


def _return(account: Mapping[str, Any]) -> Line:
    roi = exact(account.get("roi"))
    if roi is None:
        why = _("Nothing was spent") if not exact(account["spend"]) else _("Too little was spent to tell")
        return Line(_("Return on spend"), formatting.NOTHING, why)
    low, high = account.get("roi_lo80"), account.get("roi_hi80")
    note = _("{low} to {high}, 80 %", low=formatting.roi(low), high=formatting.roi(high)) if low is not None else ""
    return Line(_("Return on spend"), formatting.roi(roi), note, tone="gain" if roi >= 1 else "loss", strong=True)


def band_of(row: Mapping[str, Any], account: Mapping[str, Any]) -> str:
    if account.get("net_lo80") is None:
        return ""
    return _("{low} to {high}, 80 %", low=money_of(row, account["net_lo80"]), high=money_of(row, account["net_hi80"]))


def _spend_note(name: str) -> str:
    return _("Funding of the retailer and fixed costs") if name == "manufacturer" else _("Price cut that nobody refunded")


def _missing(name: str, account: Mapping[str, Any]) -> str:
    needs = {
        "unit_cost": _("The product has no unit cost. Enter it on the product's page, then analyse again."),
        "unit_acquisition_cost": _(
            "The sales do not say what the retailer paid per unit. Import that column, then analyse again."
        ),
        "price": _("The sales have no price. Import that column, then analyse again."),
    }
    return needs.get(str(account.get("missing")), _("This side could not be worked out from the sales."))


def _basis(text: str) -> str:
    return text[:1].upper() + text[1:]


def money_of(row: Mapping[str, Any], value: Any, minus: bool = False) -> str:
    amount = exact(value)
    if amount is None:
        return formatting.NOTHING
    return formatting.money(-amount if minus else amount, row["currency"], 0 if abs(amount) >= 100 else 2)


def whole_money(row: Mapping[str, Any]) -> Callable[[Any], str]:
    """Writes amounts of the promotion's currency without cents, for sentences."""
    return lambda value: formatting.money(value, row["currency"], 0)


def exactly(analysis: Mapping[str, Any]) -> dict[str, Any]:
    """The analysis with both sides' money as Decimal, for sentences."""

    def side_of(account: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if not account:
            return None
        return {name: exact(account.get(name)) for name in _MONEY}

    return {**analysis, **{name: side_of(analysis.get(name)) for name in ("manufacturer", "retailer")}}


def assumed(row: Mapping[str, Any]) -> bool:
    """Whether the manufacturer's side rests on a unit cost that was assumed, not measured."""
    account = row["analysis"].get("manufacturer") or {}
    return any("assumed" in text for text in account.get("basis") or ())


def stores(row: Document) -> list[dict[str, Any]]:
    """Each store that took part: units a week during and in the six weeks before, and the prices; most units first."""
    ids = row.get("customer_ids") or customers.below(row["customer_id"])
    skus = row["product_ids"]
    source = Source(row["source"])
    before_start = row["start"] - timedelta(weeks=_WEEKS_BEFORE)
    during = _by_store(SalesFilter(source, ids, skus, row["start"], row["end"]))
    before = _by_store(SalesFilter(source, ids, skus, before_start, row["start"] - timedelta(days=1)))
    names = customers.by_ids(ids, {"name": 1, "code": 1})
    known = [store_id for store_id in ids if store_id in during and store_id in names]
    listed = [_store(names[store_id], during[store_id], before.get(store_id)) for store_id in known]
    return sorted(listed, key=lambda store: (-store["units"], store["name"]))


def _by_store(part: SalesFilter) -> dict[str, SalesPoint]:
    return {str(point.key): point for point in sales.totals(part, "customer_id")}


def _store(node: Document, during: SalesPoint, before: SalesPoint | None) -> dict[str, Any]:
    usual = before.units / before.rows if before and before.rows else None
    weekly = during.units / during.rows if during.rows else None
    return {
        "_id": node["_id"],
        "name": node["name"],
        "units": during.units,
        "weekly": weekly,
        "weekly_before": usual,
        "lift": weekly / usual - 1 if weekly is not None and usual else None,
        "price": during.price,
        "price_before": before.price if before else None,
        "deal_share": during.deal_share,
    }


def history(row: Document, entries: list[Document]) -> list[dict[str, Any]]:
    """The audit trail as sentences, newest first, down to how the promotion came to be."""
    told = [{"at": one["at"], "actor": one.get("actor_name") or "", "text": _sentence(one)} for one in entries]
    if row["origin"] == Origin.OBSERVED:
        told.append({"at": row["created_at"], "actor": "", "text": _("Found in imported sales")})
    analysed = row["analysis"].get("at")
    if analysed:
        told.append({"at": analysed, "actor": "", "text": _("Analysed")})
    return sorted(told, key=lambda one: one["at"], reverse=True)


def _sentence(entry: Mapping[str, Any]) -> str:
    after = entry.get("after") or {}
    action = str(entry["action"])
    if action == "promotions.created":
        return _("Entered as a draft")
    if action == "promotions.status":
        words = _("Moved from {before} to {after}", before=(entry.get("before") or {}).get("status"), after=after.get("status"))
        return f"{words}: {after['reason']}" if after.get("reason") else words
    if action == "promotions.changed":
        return _("Changed {fields}", fields=", ".join(_field(name) for name in sorted(after)))
    if action == "promotions.analysis_asked":
        return _("Asked for a new analysis")
    return action


def _field(name: str) -> str:
    words = {
        "name": _("the name"), "costs": _("costs"), "note": _("the note"), "customer_id": _("the customer"),
        "product_ids": _("products"), "start": _("the first day"), "end": _("the last day"), "discount": _("the discount"),
        "sell_in": _("the sell-in weeks"), "type": _("the type"), "pre_weeks": _("the weeks before"),
        "post_weeks": _("the weeks after"), "source": _("the source"),
    }  # fmt: skip
    return words.get(name, name)
