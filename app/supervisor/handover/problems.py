"""Everything that is open: incidents, alerts, findings of the doctor, overdue tasks, services that do not work."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from app.core.i18n import _
from app.supervisor.alerts.alert import Alert
from app.supervisor.doctor.examine import Result
from app.supervisor.doctor.finding import Verdict
from app.supervisor.duties.roster import Row
from app.supervisor.duties.standing import Standing
from app.supervisor.handover.evidence import Problem
from app.supervisor.incidents.incident import Incident
from app.supervisor.state import Phase, State


@dataclass(frozen=True)
class Open:
    """What asks for somebody. `title` words an alert."""

    incidents: Callable[[], Sequence[Incident]]
    alerts: Callable[[], Sequence[Alert]]
    title: Callable[[Alert], str]
    duties: Callable[[], Sequence[Row]]
    mistakes: Callable[[], Sequence[object]]


def problems(open_: Open, state: State, results: Sequence[Result]) -> tuple[Problem, ...]:
    """All of them, in the order in which they are listed above."""
    return tuple(_all(open_, state, results))


def _all(open_: Open, state: State, results: Sequence[Result]) -> Iterator[Problem]:
    for incident in open_.incidents():
        yield Problem(
            _("Incident {id}", id=incident.id), incident.priority, f"{incident.cause}: {incident.reason}", incident.began_at
        )
    for alert in open_.alerts():
        if alert.live:
            yield Problem(_("Alert"), alert.priority.value, f"{open_.title(alert)}: {alert.detail}".rstrip(": "), alert.since)
    for name, service in state.services.items():
        if service.phase is not Phase.HEALTHY:
            text = f"{name}: {service.phase.value}, {service.reason}".rstrip(", ")
            yield Problem(_("Service"), "problem", text, service.since)
    for result in results:
        if result.verdict in {Verdict.PROBLEM, Verdict.WARNING}:
            yield Problem(_("Doctor"), result.verdict.value, f"{result.title}: {result.evidence}. {result.remedy}".strip())
    for row in open_.duties():
        if row.standing is Standing.OVERDUE:
            yield Problem(_("Calendar"), "overdue", _(row.duty.title), row.turn.due_at)
    for mistake in open_.mistakes():
        yield Problem(_("Alert settings"), "problem", str(mistake))
