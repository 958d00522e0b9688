"""Which alert explains another, so that one failure makes one message. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from app.supervisor.alerts.alert import Alert, Key, Stage
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.signals import HOST

_SAME_MOMENT = timedelta(seconds=5)
_DOWN = ("service_down", "service_quarantined")
_HOST_RULES = frozenset({"host_cpu", "host_memory", "host_swap", "disk_full", "disk_low", "inodes_low"})


def explained_by(rule: Rule, alert: Alert, alerts: Mapping[Key, Alert], now: datetime) -> Alert | None:
    """The alert that makes telling of `alert` needless; None when it has to speak for itself.

    A doubt explains what names it as its cause, and no longer what has turned out to be its own cause.
    """
    for root in _roots(alert, alerts):
        if (root.stage is Stage.PENDING and alert.cause != alert.subject) or _explains(root, alert, rule, now):
            return root
    for other in _named(rule, alert.subject, alerts):
        if other.key != alert.key and _explains(other, alert, rule, now) and not _each_other(other, alert):
            return other
    return None


def _roots(alert: Alert, alerts: Mapping[Key, Alert]) -> Iterator[Alert]:
    """Alerts about what `alert` itself gives, or gave, as its cause."""
    yield from (other for other in alerts.values() if alert.muted and other.id == alert.muted)
    if alert.cause == HOST and alert.rule not in _HOST_RULES:
        yield from (other for other in alerts.values() if other.rule in _HOST_RULES)
    if alert.cause != alert.subject:
        yield from (alerts[name, alert.cause] for name in _DOWN if (name, alert.cause) in alerts)


def _named(rule: Rule, subject: str, alerts: Mapping[Key, Alert]) -> Iterator[Alert]:
    """Alerts of the rules that inhibit `rule`."""
    for entry in rule.inhibited_by:
        name, colon, wanted = entry.partition(":")
        if wanted == "*":
            yield from (alert for alert in alerts.values() if alert.rule == name)
            continue
        for key in ((name, wanted),) if colon else ((name, subject), (name, "")):
            if key in alerts:
                yield alerts[key]


def _explains(other: Alert, alert: Alert, rule: Rule, now: datetime) -> bool:
    """It is live, or `alert` began before it ended and that is not long ago."""
    if other.live:
        return True
    if other.stage is not Stage.RESOLVED or other.resolved_at is None:
        return False
    return alert.since <= other.resolved_at + _SAME_MOMENT and now - other.resolved_at < rule.linger


def _each_other(other: Alert, alert: Alert) -> bool:
    """Two that would explain each other: the one that does not owe its silence to the other speaks."""
    return other.muted == alert.id
