"""Keeps the book of incidents: looks on at the loop, listens to the alerts, and writes down what belongs together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from app.core.i18n import N_, _
from app.core.logging import get_logger
from app.supervisor.actions import Action, Note, Restart, Start, Stop
from app.supervisor.alerts.change import AlertChange
from app.supervisor.events import ActionDone, Event, Tick
from app.supervisor.incidents.causes import began, failures, real_cause, well
from app.supervisor.incidents.evidence import Logs, secure
from app.supervisor.incidents.incident import Entry, Incident, Kind, highest
from app.supervisor.incidents.shelf import Shelf
from app.supervisor.loop import in_background
from app.supervisor.state import Phase, State

STABILITY = timedelta(minutes=5)
_PRUNE_EVERY = timedelta(hours=1)
_DOWN = frozenset({Phase.FAILED, Phase.QUARANTINED})
_WORDS = {Start: N_("The supervisor starts {service}"), Restart: N_("The supervisor restarts {service}")}
_MOST_PENDING = 200

log = get_logger(__name__)


class Book:
    """An observer of the loop and a listener of the alerts. One open incident a cause, whatever happens in between."""

    def __init__(
        self,
        shelf: Shelf,
        logs: Logs,
        stability: timedelta = STABILITY,
        run: Callable[[Callable[[], None]], None] = in_background,
    ) -> None:
        self.shelf, self._logs, self._stability, self._run = shelf, logs, stability, run
        self._open = {incident.cause: incident for incident in shelf.open()}
        self._pending: dict[str, datetime] = {}
        self._state: State | None = None
        self._prune_due: datetime | None = None

    @property
    def open(self) -> list[Incident]:
        """What has not ended, the most urgent first."""
        return sorted(self._open.values(), key=lambda incident: (incident.priority, incident.id))

    def turned(self, before: State, after: State, event: Event, actions: Sequence[Action], now: datetime) -> None:
        """Open, extend, and end incidents as the services go."""
        self._state = after
        for cause, names in failures(after, now).items():
            self._fails(cause, names, before, after, now)
        for incident in list(self._open.values()):
            culprit = real_cause(incident, after)
            if culprit is not None and culprit != incident.cause:
                self._blame(incident, culprit, now)
        self._write_down(event, actions, now)
        for incident in list(self._open.values()):
            self._watch(incident, after, now)
        if isinstance(event, Tick):
            self.shelf.flush()
            if self._prune_due is None or now >= self._prune_due:
                self._prune_due = now + _PRUNE_EVERY
                self.shelf.prune(now)

    def heard(self, changes: Sequence[AlertChange]) -> None:
        """What became of some alerts."""
        for change in changes:
            match change.now:
                case "pending":
                    self._pending = dict([*self._pending.items()][-_MOST_PENDING:]) | {change.alert_id: change.at}
                case "firing":
                    self._fires(change)
                case "acknowledged":
                    self._acknowledged(change)
                case "resolved" | "ok":
                    self._resolved(change)

    def told(self, alert_id: str, at: datetime, text: str) -> None:
        """A message about an alert went out (or could not)."""
        if (incident := self._of_alert(alert_id)) is not None:
            self.shelf.add(incident.id, [Entry(at, Kind.MESSAGE, "", text)])

    def note(self, number: int, at: datetime, text: str, by: str) -> bool:
        """A person adds to an incident, open or ended; False when there is none of that number."""
        if self.shelf.one(number) is None:
            return False
        self.shelf.add(number, [Entry(at, Kind.NOTE, "", text, by)])
        return True

    # --- services ------------------------------------------------------------------------------------------------------

    def _fails(self, cause: str, names: Sequence[str], before: State, after: State, now: datetime) -> None:
        incident = self._open.get(cause)
        root = after.services.get(cause)
        if incident is None:
            first = min((began(after.services[name], now) for name in (cause, *names) if name in after.services), default=now)
            reason = str(root.reason) if root and root.reason else str(after.services[names[0]].reason)
            incident = self._begin(cause, reason, _urgency(names, after), first, now)
        affected = tuple(dict.fromkeys((*incident.affected, *self._known(cause), *names)))
        if affected != incident.affected:
            priority = highest(incident.priority, _urgency(names, after))
            incident = self._keep(replace(incident, affected=affected, priority=priority))
        for name in names:
            was = before.services[name].phase
            if after.services[name].phase in _DOWN and was not in _DOWN:
                secure(self.shelf, incident.id, after.services[name], after.host, self._logs, now, self._run)

    def _blame(self, incident: Incident, cause: str, now: datetime) -> None:
        """It was not what it seemed: the incident gets its real cause, or becomes part of the one that has it."""
        text = _("The cause is {cause}, not {service}", cause=cause, service=incident.cause)
        del self._open[incident.cause]
        other = self._open.get(cause)
        if other is None:
            self._keep(replace(incident, cause=cause, affected=tuple(dict.fromkeys((*incident.affected, *self._known(cause))))))
            self.shelf.add(incident.id, [Entry(now, Kind.EVENT, cause, text)])
            return
        older, younger = sorted((other, incident), key=lambda one: one.id)
        self.shelf.merge(younger.id, older.id)
        self._keep(_joined(older, younger, cause))
        self.shelf.add(older.id, [Entry(now, Kind.EVENT, cause, text)])

    def _write_down(self, event: Event, actions: Sequence[Action], now: datetime) -> None:
        """What the loop noted and did about affected services."""
        for action in actions:
            for incident in self._about(action.service):
                if isinstance(action, Note):
                    self.shelf.add(incident.id, [Entry(now, Kind.EVENT, action.service, str(action.text))])
                    continue
                words = N_("An operator's stop of {service} begins") if isinstance(action, Stop) else _WORDS[type(action)]
                self.shelf.add(incident.id, [Entry(now, Kind.ACTION, action.service, _(words, service=action.service))])
                self._acts(incident, now)
        if isinstance(event, ActionDone) and not event.ok:
            text = _("Docker did not do it: {detail}", detail=event.detail)
            for incident in self._about(event.service):
                self.shelf.add(incident.id, [Entry(now, Kind.EVENT, event.service, text)])

    def _watch(self, incident: Incident, state: State, now: datetime) -> None:
        """Recovered, quiet, over: each moment once, and taken back when trouble returns."""
        incident = self._open[incident.cause]
        fine, silent = well(incident, state), not any(incident.alerts.values())
        recovered = (incident.recovered_at or now) if fine and (incident.affected or silent) else None
        quiet = (incident.quiet_since or now) if fine and silent else None
        if (recovered, quiet) != (incident.recovered_at, incident.quiet_since):
            if bool(recovered) != bool(incident.recovered_at):
                text = N_("Everything affected works again") if recovered else N_("The trouble is back")
                self.shelf.add(incident.id, [Entry(now, Kind.EVENT, incident.cause, _(text))])
            incident = self._keep(replace(incident, recovered_at=recovered, quiet_since=quiet))
        if quiet is not None and now - quiet >= self._stability:
            text = _("Quiet for {minutes} minutes: the incident has ended", minutes=int(self._stability.total_seconds() // 60))
            self.shelf.add(incident.id, [Entry(now, Kind.EVENT, incident.cause, text)])
            self._keep(replace(incident, ended_at=now))
            del self._open[incident.cause]

    # --- alerts --------------------------------------------------------------------------------------------------------

    def _fires(self, change: AlertChange) -> None:
        cause = change.cause or change.rule
        incident = self._of_alert(change.alert_id) or self._open.get(cause)
        first = self._pending.pop(change.alert_id, change.at)
        if incident is None:
            incident = self._begin(cause, change.detail, change.priority, first, change.at)
        text = _("{priority} {rule}: {detail}", priority=change.priority, rule=change.rule, detail=change.detail)
        self.shelf.add(incident.id, [Entry(change.at, Kind.ALERT, change.subject, text)])
        affected = incident.affected
        if change.subject in self._known(change.subject) and change.subject not in affected:
            affected = (*affected, change.subject)
        alerts = MappingProxyType({**incident.alerts, change.alert_id: True})
        priority = highest(incident.priority, change.priority)
        self._keep(replace(incident, alerts=alerts, affected=affected, priority=priority, quiet_since=None))

    def _acknowledged(self, change: AlertChange) -> None:
        incident = self._of_alert(change.alert_id)
        if incident is None:
            return
        text = _("{rule} acknowledged: {reason}", rule=change.rule, reason=change.reason)
        self.shelf.add(incident.id, [Entry(change.at, Kind.ACKNOWLEDGEMENT, change.subject, text, change.by)])
        self._acts(incident, change.at)

    def _resolved(self, change: AlertChange) -> None:
        self._pending.pop(change.alert_id, None)
        incident = self._of_alert(change.alert_id)
        if incident is None:
            return
        self.shelf.add(incident.id, [Entry(change.at, Kind.ALERT, change.subject, _("{rule} is resolved", rule=change.rule))])
        self._keep(replace(incident, alerts=MappingProxyType({**incident.alerts, change.alert_id: False})))

    def settle(self, alive: Iterable[str]) -> None:
        """After a start: alerts that are gone (`alive` are those there are) keep no incident open."""
        there = set(alive)
        for incident in list(self._open.values()):
            alerts = {alert: active and alert in there for alert, active in incident.alerts.items()}
            if alerts != dict(incident.alerts):
                self._keep(replace(incident, alerts=MappingProxyType(alerts)))

    # --- inside --------------------------------------------------------------------------------------------------------

    def _begin(self, cause: str, reason: str, priority: str, first: datetime, now: datetime) -> Incident:
        incident = Incident(self.shelf.next_id(), cause, reason, priority, min(first, now), now)
        log.warning("an incident begins", incident=incident.id, cause=cause, reason=reason)
        text = _("The incident is opened: {cause}, {reason}", cause=cause, reason=reason or _("reason unknown"))
        self.shelf.add(incident.id, [Entry(now, Kind.EVENT, cause, text)])
        return self._keep(incident)

    def _keep(self, incident: Incident) -> Incident:
        self._open[incident.cause] = incident
        self.shelf.save(incident)
        return incident

    def _acts(self, incident: Incident, now: datetime) -> None:
        if incident.acted_at is None:
            self._keep(replace(self._open[incident.cause], acted_at=now))

    def _about(self, service: str) -> list[Incident]:
        return [incident for incident in self._open.values() if service in incident.affected]

    def _of_alert(self, alert_id: str) -> Incident | None:
        return next((incident for incident in self._open.values() if alert_id in incident.alerts), None)

    def _known(self, name: str) -> tuple[str, ...]:
        return (name,) if self._state is not None and name in self._state.services else ()


def _urgency(names: Sequence[str], state: State) -> str:
    """Until an alert says more: P2 when something is down that the appliance cannot do without."""
    core = {kept.name for kept in state.kept if kept.core}
    return "P2" if core & set(names) else "P3"


def _joined(older: Incident, younger: Incident, cause: str) -> Incident:
    moments = [incident.acted_at for incident in (older, younger) if incident.acted_at]
    return replace(
        older,
        cause=cause,
        reason=younger.reason if younger.cause == cause else older.reason,
        priority=highest(older.priority, younger.priority),
        began_at=min(older.began_at, younger.began_at),
        detected_at=min(older.detected_at, younger.detected_at),
        acted_at=min(moments, default=None),
        recovered_at=None,
        quiet_since=None,
        affected=tuple(dict.fromkeys((*older.affected, *younger.affected))),
        alerts=MappingProxyType({**older.alerts, **younger.alerts}),
    )
