"""The sales of one node as a page shows them: figures, weekly chart, newest week."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.access.models import Principal
from app.core.i18n import _
from app.trade.sales import service, store
from app.trade.sales.kept import kept
from app.trade.sales.models import SalesPoint, Source
from app.trade.sales.rules import added
from app.web.chart import Chart, lines_chart

_AMOUNTS = ("units", "net_revenue", "gross_revenue", "deal_units", "feature_units")


@dataclass(frozen=True)
class Summary:
    """`total` is None without sales; then nothing else is there either."""

    total: SalesPoint | None
    weeks: list[SalesPoint]
    source: Source
    chart: Chart | None


_NOTHING = Summary(None, [], Source.POS, None)


def empty_of_node(customer_id: str | None = None, product_id: str | None = None) -> Summary | None:
    """The summary of a node without any sales, for which nothing is added up; None when there are some."""
    part = service.part(customer_id=customer_id, product_id=product_id)
    sides = {"customer_id": part.customer_ids, "product_id": part.product_ids}
    where = {field: {"$in": sorted(ids)} for field, ids in sides.items() if ids is not None}
    return None if store.any_of(where) else _NOTHING


def of_node(who: Principal, customer_id: str | None = None, product_id: str | None = None) -> Summary:
    """Sell-out of the node and all below it; shipments where there is no sell-out."""
    weeks: list[SalesPoint] = []
    source = Source.POS
    for source in Source:
        weeks = _weeks(who, source, customer_id, product_id)
        if weeks:
            break
    if not weeks:
        return _NOTHING
    total = weeks[0]
    for point in weeks[1:]:
        total = added(total, point)
    chart = lines_chart(
        "sales",
        x=[point.period for point in weeks],
        series=[
            {"name": _("Units"), "values": [point.units for point in weeks]},
            {"name": _("Price paid"), "values": [point.price for point in weeks], "axis": "right"},
        ],
        unit=_("units"),
    )
    return Summary(total, weeks, source, chart)


def _weeks(who: Principal, source: Source, customer_id: str | None, product_id: str | None) -> list[SalesPoint]:
    """The weekly series, added up once until the sales or the tree change."""
    part = service.part(source, customer_id, product_id)

    def load() -> bytes:
        return json.dumps([_row(point) for point in service.series(who, part)]).encode()

    key = ["node", source.value, sorted(part.customer_ids or ()), sorted(part.product_ids or ())]
    return [_point(row) for row in json.loads(kept(key, load))]


def _row(point: SalesPoint) -> list[Any]:
    amounts = (getattr(point, name) for name in _AMOUNTS)
    return [point.period.isoformat() if point.period else None, *(f"{amount:f}" for amount in amounts), point.rows]


def _point(row: list[Any]) -> SalesPoint:
    amounts = dict(zip(_AMOUNTS, map(Decimal, row[1:-1]), strict=True))
    return SalesPoint(period=datetime.fromisoformat(row[0]), key=None, rows=row[-1], **amounts)
