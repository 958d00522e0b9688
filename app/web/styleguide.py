"""Every part of the design system on one page, to judge by eye; served in development mode only."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from apiflask import APIBlueprint
from flask import render_template

from app.core.errors import NotFound
from app.core.i18n import N_
from app.core.settings import settings
from app.web.chart import Window, bars_chart, baseline_chart, lines_chart
from app.web.table import Column, Table, TableQuery

blueprint = APIBlueprint("styleguide", __name__, enable_openapi=False)
_FIRST = datetime(1991, 3, 4, tzinfo=UTC)

COLUMNS = (
    Column("name", N_("Promotion"), kind="link", sort=True),
    Column("customer", N_("Customer")),
    Column("start", N_("Start"), kind="date", sort=True),
    Column("discount", N_("Discount"), kind="percent"),
    Column("units", N_("Incremental units"), kind="number", sort=True),
    Column("spend", N_("Spend, USD"), kind="amount", decimals=0, sort=True),
    Column("roi", N_("ROI"), kind="roi", sort=True, help=N_("Incremental margin for each unit of money spent")),
    Column("status", N_("Status"), kind="status"),
    Column("note", N_("Note"), hidden=True),
)


@blueprint.get("/styleguide")
def styleguide() -> str:
    """The living style sheet."""
    if settings().environment != "development":
        raise NotFound("There is nothing at this address. Check the link, or start from the home page.")
    query = TableQuery.from_request(COLUMNS, default_sort="-roi", filters=("q", "status"))
    rows = _rows()
    table = Table(
        "sample", COLUMNS, query, rows, next_cursor="abc", count=1_240, href=lambda row: f"/styleguide?row={row['name']}",
        totals={"units": sum(row["units"] for row in rows), "spend": sum(row["spend"] for row in rows)},
    )  # fmt: skip
    return render_template("styleguide.html", table=table, charts=_charts(), now=datetime.now(UTC) - timedelta(minutes=5))


def _rows() -> list[dict[str, Any]]:
    names = (
        "Tropicana 64 oz",
        "Minute Maid 64 oz",
        "Dominick's 64 oz",
        "Florida Gold 64 oz",
        "Citrus Hill 64 oz",
        "Tree Fresh 64 oz",
    )
    states = ("analysed", "completed", "active", "draft", "rejected", "pending_approval")
    return [
        {
            "name": name, "customer": "Dominick's Finer Foods",
            "start": _FIRST + timedelta(weeks=3 * i), "discount": 0.1 + i / 30,
            "units": 48_210 / (i + 1), "spend": 9_125 * (i + 1) / 3, "roi": 3.12 - i * 0.7, "status": states[i], "note": "",
        }
        for i, name in enumerate(names)
    ]  # fmt: skip


def _charts() -> list[Any]:
    weeks = []
    for i in range(26):
        baseline = 4_000 + 500 * math.sin(i / 4)
        lift = {12: 9_000, 13: 6_500, 14: -1_200, 15: -500}.get(i, 250 * math.sin(i * 2.3))
        weeks.append(
            {
                "week": _FIRST + timedelta(weeks=i), "actual": baseline + lift, "baseline": baseline,
                "lo80": baseline * 0.86, "hi80": baseline * 1.15,
            }
        )  # fmt: skip
    window = Window(_FIRST + timedelta(weeks=12), _FIRST + timedelta(weeks=14, days=-1), "25 % off, feature")
    dates = [week["week"] for week in weeks]
    units = {"name": "Units", "values": [week["actual"] for week in weeks]}
    price = {
        "name": "Price paid",
        "values": [2.19 if i in (12, 13) else 2.89 for i in range(26)],
        "axis": "right",
        "unit": "USD",
        "step": True,
    }
    return [
        baseline_chart("sample-baseline", weeks, [window], unit="units"),
        lines_chart("sample-lines", dates, [units, price], unit="units", windows=[window]),
        bars_chart("sample-bars", ["Tropicana", "Minute Maid", "Florida Gold"], [48_000, 21_000, -4_200], unit="USD"),
    ]
