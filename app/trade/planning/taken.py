"""Promotions that exist already and keep their weeks for themselves, as the AI service is told of them."""

from datetime import date, timedelta
from typing import Any

from app.access.models import Principal
from app.trade.customers.store import nodes as customers
from app.trade.planning.models import FURTHEST_WEEKS
from app.trade.promotions import service as promotions
from app.trade.promotions.analysis import skus_of
from app.trade.promotions.models import Origin, PromotionQuery, PromotionStatus

TAKING = frozenset({PromotionStatus.DRAFT.value, PromotionStatus.ACTIVE.value})
_MOST_TAKEN, _MOST_SKUS = 500, 200  # as many as the AI service takes


def taken(who: Principal, newest: date, weeks_between: int) -> list[dict[str, Any]]:
    """Promotions that are planned or run near the weeks after `newest`, wherever they are: their weeks are not free."""
    around = timedelta(weeks=weeks_between + 1)
    query = PromotionQuery(
        start=newest - around, end=newest + timedelta(weeks=FURTHEST_WEEKS) + around, origin=Origin.ENTERED, sort="start"
    )
    rows = [row for row in promotions.iterate(who, query) if row["status"] in TAKING]
    there = customers.by_ids({row["customer_id"] for row in rows}, {"_id": 1})
    found = []
    for row in rows:
        skus = skus_of(row["product_ids"])[:_MOST_SKUS]
        if skus and row["customer_id"] in there:
            days = {name: row[name].date().isoformat() for name in ("start", "end")}
            found.append({"customer_ids": [row["customer_id"]], "product_ids": skus, **days})
    return found[:_MOST_TAKEN]
