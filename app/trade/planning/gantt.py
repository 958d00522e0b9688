"""A plan's chosen events as a calendar: a lane for each product at a customer, a column for each week (pure)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Cell:
    """`span` weeks of a lane: an event, or nothing (None), which may lie in a blackout week."""

    span: int
    event: Mapping[str, Any] | None = None
    blackout: bool = False


@dataclass(frozen=True)
class Lane:
    """One product at one customer."""

    product: str
    customer: str
    cells: list[Cell]


@dataclass(frozen=True)
class Calendar:
    """`weeks` are Mondays; spent is what has been spent by the end of each week, shares are of the budget."""

    weeks: list[date]
    lanes: list[Lane]
    spent: list[Decimal]
    shares: list[float]


def calendar(events: Iterable[Mapping[str, Any]], start: date, end: date, blackout: Sequence[date], budget: Decimal) -> Calendar:
    """The chosen of `events` between two days; an event's spend counts in its first week."""
    weeks = _weeks(start, end)
    dark = {day - timedelta(days=day.weekday()) for day in blackout}
    lanes: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for event in events:
        if event["chosen"]:
            lanes.setdefault((event["product_name"] or event["product_id"], event["customer_name"] or ""), []).append(event)
    drawn = [
        Lane(product, customer, _cells(sorted(running, key=lambda event: event["start"]), weeks, dark))
        for (product, customer), running in sorted(lanes.items())
    ]
    spent, total = [], Decimal(0)
    for week in weeks:
        total += sum(
            (event["spend"] or 0 for running in lanes.values() for event in running if event["start"] == week), Decimal(0)
        )
        spent.append(total)
    shares = [min(1.0, float(amount / budget)) if budget > 0 else 0.0 for amount in spent]
    return Calendar(weeks, drawn, spent, shares)


def _weeks(start: date, end: date) -> list[date]:
    monday, weeks = start - timedelta(days=start.weekday()), []
    while monday <= end:
        weeks.append(monday)
        monday += _WEEK
    return weeks


def _cells(running: Sequence[Mapping[str, Any]], weeks: Sequence[date], dark: set[date]) -> list[Cell]:
    """Events as wide cells, every week between them as its own; events of a lane never overlap."""
    cells: list[Cell] = []
    by_start = {event["start"]: event for event in running}
    covered = 0
    for week in weeks:
        if covered > 0:
            covered -= 1
            continue
        event = by_start.get(week)
        if event is None:
            cells.append(Cell(1, blackout=week in dark))
            continue
        span = sum(week <= other <= event["end"] for other in weeks)
        cells.append(Cell(span, event))
        covered = span - 1
    return cells
