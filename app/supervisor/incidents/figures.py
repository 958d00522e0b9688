"""The figures of a month: how available each service was, how fast trouble was seen and ended. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.core.errors import Invalid
from app.core.i18n import _
from app.supervisor.history.phases import Availability
from app.supervisor.incidents.incident import PRIORITIES, Incident


@dataclass(frozen=True)
class MonthFigures:
    """`observed` is the share of the month so far that the supervisor saw; a mean is None without an incident to take it of."""

    month: str
    availability: tuple[Availability, ...]
    observed: float
    incidents: int
    by_priority: dict[str, int]
    mean_detect: timedelta | None
    mean_act: timedelta | None
    mean_recover: timedelta | None


def month_bounds(month: str) -> tuple[datetime, datetime]:
    """The beginning and end of "2026-03", UTC. Raises Invalid for anything else."""
    try:
        begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise Invalid(_("A month is written as year and month, like 2026-03.")) from error
    return begin, (begin + timedelta(days=32)).replace(day=1)


def month_figures(month: str, services: Sequence[Availability], incidents: Iterable[Incident], now: datetime) -> MonthFigures:
    """`services` and `incidents` are those of the month."""
    begin, end = month_bounds(month)
    length = (min(end, now) - begin).total_seconds()
    seen = max((service.up + service.down + service.planned for service in services), default=0.0)
    found = list(incidents)
    return MonthFigures(
        month=month,
        availability=tuple(services),
        observed=min(seen / length, 1.0) if length > 0 else 0.0,
        incidents=len(found),
        by_priority={name: sum(incident.priority == name for incident in found) for name in PRIORITIES},
        mean_detect=_mean(incident.to_detect for incident in found),
        mean_act=_mean(incident.to_act for incident in found),
        mean_recover=_mean(incident.to_recover for incident in found),
    )


def _mean(spans: Iterable[timedelta | None]) -> timedelta | None:
    known = [span for span in spans if span is not None]
    return sum(known, timedelta()) / len(known) if known else None
