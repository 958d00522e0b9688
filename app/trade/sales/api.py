"""Sales over HTTP: added up as asked."""

from datetime import date
from decimal import Decimal

from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel

from app.access.models import Permission
from app.access.signed_in import may
from app.trade.hierarchy.answers import encode, json_answer
from app.trade.sales import explorer
from app.trade.sales.explorer import Row, SalesQuery

blueprint = APIBlueprint("sales_api", __name__, url_prefix="/api/v1/sales", tag="Sales")


class SalesRow(BaseModel):
    """Sales of one period and one member of the split; money in the company's currency, exact, as text."""

    period: date
    key: str | None
    name: str
    units: Decimal
    revenue: Decimal
    price: Decimal | None
    deal_share: Decimal | None


class SalesPage(BaseModel):
    """One page; `next_cursor` is null on the last. `sums` are over all rows."""

    items: list[SalesRow]
    next_cursor: str | None
    total: int
    sums: SalesRow | None


@blueprint.get("")
@blueprint.input(SalesQuery, location="query")
@blueprint.output(SalesPage)
@blueprint.doc(summary="Sales by week or month", responses=[401, 403, 422])
def listing(query_data: SalesQuery) -> Response:
    """Units, revenue, price and deal share of any part of the sales, by week or month."""
    rows = explorer.explore(may(Permission.SALES_READ), query_data)
    start = int(query_data.cursor or 0)
    end = start + query_data.limit
    sums = explorer.total(rows)
    answer = {
        "items": [_as_json(row) for row in rows[start:end]],
        "next_cursor": str(end) if end < len(rows) else None,
        "total": len(rows),
        "sums": _as_json(sums) if sums else None,
    }
    return json_answer(encode(answer))


def _as_json(row: Row) -> dict[str, str | None]:
    figures = {name: getattr(row, name) for name in ("units", "revenue", "price", "deal_share")}
    told = {name: None if value is None else f"{value:f}" for name, value in figures.items()}
    return {"period": row.period.isoformat(), "key": row.key, "name": row.name, **told}
