"""The alert engine: rules and signals in, alerts and their changes out. Pure: no clock, no input, no output."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from app.core.i18n import _
from app.supervisor.alerts.alert import Alert, Key, Silence, Stage, alert_id, change
from app.supervisor.alerts.change import AlertChange
from app.supervisor.alerts.inhibition import explained_by
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.signals import Signal, Signals

ABSENT_ENDS = timedelta(hours=24)  # an alert whose signal has vanished for good
REMEMBERED = timedelta(minutes=15)  # how long a resolved alert still explains others

Alerts = Mapping[Key, Alert]


def evaluate(
    rules: Sequence[Rule], alerts: Alerts, signals: Signals, silences: Iterable[Silence], now: datetime
) -> tuple[dict[Key, Alert], list[AlertChange]]:
    """Every alert after this look at the signals, and each step taken, in order."""
    after: dict[Key, Alert] = {}
    changes: list[AlertChange] = []
    subjects = _subjects(signals)
    for rule in rules:
        held = [subject for name, subject in alerts if name == rule.name]
        for subject in dict.fromkeys([*subjects.get(rule.signal, ()), *held]):
            key = rule.name, subject
            alert, steps = _step(rule, subject, alerts.get(key), signals.get((rule.signal, subject)), now)
            changes += steps
            if alert is not None:
                after[key] = alert
    changes += _retire(rules, alerts, after, now)
    _mute(rules, after, list(silences), now)
    return after, [_with_cause(step, after) for step in changes]


def acknowledge(
    alerts: Alerts, ids: Iterable[str], who: str, reason: str, now: datetime
) -> tuple[dict[Key, Alert], list[AlertChange]]:
    """The firing ones among `ids` are somebody's now; the others stay as they are."""
    chosen, after, changes = set(ids), dict(alerts), []
    for key, alert in alerts.items():
        if alert.id in chosen and alert.stage is Stage.FIRING:
            after[key] = replace(alert, stage=Stage.ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=who, reason=reason)
            changes.append(change(Stage.FIRING, after[key], now, who, reason))
    return after, changes


def _subjects(signals: Signals) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, subject in signals:
        found.setdefault(name, []).append(subject)
    return found


def _step(
    rule: Rule, subject: str, before: Alert | None, signal: Signal | None, now: datetime
) -> tuple[Alert | None, list[AlertChange]]:
    if before is None or before.stage is Stage.RESOLVED:
        if signal is not None and rule.condition.holds(signal.value, held=False):
            return _begin(rule, subject, signal, now)
        kept = before is not None and before.resolved_at is not None and now - before.resolved_at < REMEMBERED
        return (before if kept else None), []
    if signal is None:
        return _unheard(before, now)
    before = replace(before, absent_since=None, value=signal.value, priority=rule.priority)
    if rule.condition.holds(signal.value, held=before.live):
        alert = replace(before, clear_since=None, detail=signal.detail or before.detail, cause=signal.cause or before.cause)
        ripens = alert.stage is Stage.PENDING and not signal.unsure
        return _ripen(rule, alert, now) if ripens else (alert, [])
    return _calm(rule, before, now)


def _begin(rule: Rule, subject: str, signal: Signal, now: datetime) -> tuple[Alert, list[AlertChange]]:
    alert = Alert(
        id=alert_id(rule.name, subject, now),
        rule=rule.name,
        subject=subject,
        priority=rule.priority,
        stage=Stage.PENDING,
        cause=signal.cause or rule.name,
        detail=signal.detail,
        value=signal.value,
        since=now,
    )
    alert, fired = (alert, []) if signal.unsure else _ripen(rule, alert, now)
    return alert, [change(Stage.OK, replace(alert, stage=Stage.PENDING), now), *fired]


def _ripen(rule: Rule, alert: Alert, now: datetime) -> tuple[Alert, list[AlertChange]]:
    if now - alert.since < rule.after:
        return alert, []
    fired = replace(alert, stage=Stage.FIRING, fired_at=now)
    return fired, [change(Stage.PENDING, fired, now)]


def _calm(rule: Rule, alert: Alert, now: datetime) -> tuple[Alert | None, list[AlertChange]]:
    """The condition does not hold: a doubt is dropped at once, an alert ends when it has been so for long enough."""
    if alert.stage is Stage.PENDING:
        return None, [change(Stage.PENDING, replace(alert, stage=Stage.OK), now)]
    alert = replace(alert, clear_since=alert.clear_since or now)
    assert alert.clear_since is not None
    if now - alert.clear_since < rule.calm:
        return alert, []
    return _resolved(alert, now)


def _unheard(alert: Alert, now: datetime) -> tuple[Alert | None, list[AlertChange]]:
    """Silence is neither good nor bad news: a doubt is dropped, an alert stands until it is clearly about nothing."""
    if alert.stage is Stage.PENDING:
        return None, [change(Stage.PENDING, replace(alert, stage=Stage.OK), now)]
    alert = replace(alert, absent_since=alert.absent_since or now)
    assert alert.absent_since is not None
    if now - alert.absent_since < ABSENT_ENDS:
        return alert, []
    return _resolved(replace(alert, detail=_("nothing has been heard of it for a day")), now)


def _resolved(alert: Alert, now: datetime) -> tuple[Alert, list[AlertChange]]:
    ended = replace(alert, stage=Stage.RESOLVED, resolved_at=now)
    return ended, [change(alert.stage, ended, now)]


def _retire(rules: Sequence[Rule], alerts: Alerts, after: dict[Key, Alert], now: datetime) -> list[AlertChange]:
    """End what belongs to a rule that was switched off."""
    known, changes = {rule.name for rule in rules}, []
    for key, alert in alerts.items():
        if alert.rule in known or alert.stage is Stage.RESOLVED:
            continue
        if alert.stage is Stage.PENDING:
            changes.append(change(Stage.PENDING, replace(alert, stage=Stage.OK), now))
            continue
        after[key], steps = _resolved(replace(alert, detail=_("its rule was switched off")), now)
        changes += steps
    return changes


def _mute(rules: Sequence[Rule], alerts: dict[Key, Alert], silences: list[Silence], now: datetime) -> None:
    """Say of each alert that nobody was told of yet why it need not be told; what was told stays told."""
    by_name = {rule.name: rule for rule in rules}
    for key, alert in list(alerts.items()):
        if not alert.live or alert.group:
            continue
        rule = by_name.get(alert.rule)
        root = explained_by(rule, alert, alerts, now) if rule else None
        if root is not None:
            alerts[key] = replace(alert, muted=root.id, cause=root.cause)
            continue
        silence = next((silence for silence in silences if silence.covers(alert, now)), None)
        # An occurrence that another alert once explained is over by the time that alert is.
        folded = rule is not None and rule.occurrence
        alerts[key] = replace(alert, muted=silence.id if silence else alert.muted if folded else "")


def _with_cause(step: AlertChange, alerts: Mapping[Key, Alert]) -> AlertChange:
    """Causes are known only when all alerts are: an explained alert has that of the one that explains it."""
    alert = alerts.get((step.rule, step.subject))
    return replace(step, cause=alert.cause) if alert is not None and alert.id == step.alert_id else step
