"""Weeks nobody would expect: asked of the AI service once per model and state of the sales, then sorted and paged here."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core.ai import NoModel
from app.core.errors import FieldError, Invalid
from app.core.i18n import _
from app.trade.anomalies.client import AnomaliesClient
from app.trade.anomalies.models import LONGEST_WEEKS, AnomalyAsked
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.answers import encode
from app.trade.products.store import nodes as products
from app.trade.sales.kept import kept
from app.trade.sales.part import newest_day, part_of_sales

SORTS = ("size", "week", "actual", "expected", "difference", "customer", "product")
FIRST_WEEKS = 52
open_client: Callable[[], AnomaliesClient] = AnomaliesClient


@dataclass(frozen=True)
class Found:
    """Rows of the filter, sorted; `found` counts all in the weeks, also those beyond what is told. model: that judged the weeks,
    None where there were no sales."""

    rows: list[dict[str, Any]]
    found: int
    model: dict[str, Any] | None = None


def search(who: Principal, asked: AnomalyAsked) -> Found:
    """Anomalies with names. Raises Invalid, NoModel, NoSales, Unavailable."""
    require(who, Permission.AI_READ)
    name = asked.sort.removeprefix("-")
    if name not in SORTS:
        message = _("Use one of: {names}.", names=", ".join(SORTS))
        raise Invalid(_("Anomalies cannot be sorted that way."), [FieldError("sort", message)])
    answer = _answer(_question(who, asked))
    rows = [row for row in _named(answer["anomalies"]) if asked.cause is None or row["cause"] == asked.cause]
    rows.sort(key=lambda row: row["size"], reverse=True)
    rows.sort(key=lambda row: row[name], reverse=asked.sort.startswith("-"))
    return Found(rows, int(answer["found"]), answer.get("model"))


def _question(who: Principal, asked: AnomalyAsked) -> dict[str, Any]:
    """As the AI service is asked. Raises Invalid for a customer or product that is not there, NoSales without any."""
    newest = newest_day(who, asked.source)
    end = asked.end or (asked.start + timedelta(weeks=FIRST_WEEKS) if asked.start else newest + timedelta(days=6))
    start = asked.start or end - timedelta(weeks=FIRST_WEEKS, days=-1)
    start = max(start, end - timedelta(weeks=LONGEST_WEEKS))
    part = part_of_sales([asked.customer] if asked.customer else [], [asked.product] if asked.product else [], asked.source)
    return {**part, "from": start.isoformat(), "to": end.isoformat()}


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    with open_client() as ai:
        model = ai.serving(question["source"])
        if model is None:
            raise NoModel(_("There is no model yet, so nothing can be called unexpected. Train one on the page Models."))
        try:
            return dict(json.loads(kept(["anomalies", model, question], lambda: encode(ai.anomalies(question)))))
        except Invalid as error:
            if any(one.field == "from" for one in error.errors):
                return {"anomalies": [], "found": 0}  # no sales in these weeks
            raise


def _named(anomalies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    shops = customers.by_ids({row["customer_id"] for row in anomalies}, {"name": 1})
    goods = products.by_ids({row["product_id"] for row in anomalies}, {"name": 1})
    return [
        {
            "customer_id": row["customer_id"],
            "customer": (shops.get(row["customer_id"]) or {}).get("name") or _("Gone"),
            "product_id": row["product_id"],
            "product": (goods.get(row["product_id"]) or {}).get("name") or _("Gone"),
            "week": row["week"],
            "actual": row["actual"],
            "expected": row["expected"],
            "difference": round(row["actual"] - row["expected"], 2),
            "size": abs(row["deviations"]),
            "cause": row["cause"],
            "reading": row["reading"],
        }
        for row in anomalies
    ]
