"""The sales of one node as a page shows them: figures, weekly chart, newest week."""

from dataclasses import dataclass

from app.access.models import Principal
from app.core.i18n import _
from app.trade.sales import service
from app.trade.sales.models import SalesPoint, Source
from app.trade.sales.rules import added
from app.web.chart import Chart, lines_chart


@dataclass(frozen=True)
class Summary:
    """`total` is None without sales; then nothing else is there either."""

    total: SalesPoint | None
    weeks: list[SalesPoint]
    source: Source
    chart: Chart | None


def of_node(who: Principal, customer_id: str | None = None, product_id: str | None = None) -> Summary:
    """Sell-out of the node and all below it; shipments where there is no sell-out."""
    weeks: list[SalesPoint] = []
    source = Source.POS
    for source in Source:
        weeks = service.series(who, service.part(source, customer_id, product_id))
        if weeks:
            break
    if not weeks:
        return Summary(None, [], Source.POS, None)
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
