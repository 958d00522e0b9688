"""A rule played through in memory, with the engine, the grouping and the routing that are in force. Pure: nothing is sent."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.core.i18n import _
from app.supervisor.alerts.alert import Alert, Key, Stage
from app.supervisor.alerts.engine import evaluate
from app.supervisor.alerts.grouping import Kind, announce
from app.supervisor.alerts.routing import Routing
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.signals import Signal
from app.supervisor.pages.formatting import span

SUBJECT = "a test"  # no service and no channel has a name with a space
_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True)
class Rehearsal:
    """Whether the rule fires, is told on a channel, and ends again; `text` says so, or names the step that failed."""

    rule: Rule
    good: bool
    text: str
    channels: tuple[str, ...] = ()
    alert: Alert | None = None


def rehearse(rule: Rule, routing: Routing, now: datetime) -> Rehearsal:
    """What comes of a value beyond the threshold from `now` on, for as long as it takes, and of its end, quiet hours apart."""
    begun = _look(rule, {}, _beyond(rule), now)
    fires_at = now + rule.after
    fired = begun if not rule.after else _look(rule, begun, _beyond(rule), fires_at)
    if rule.after and _stage(rule, begun) is not Stage.PENDING:
        return Rehearsal(rule, False, _("It does not wait for the time it is to hold"))
    if _stage(rule, fired) is not Stage.FIRING:
        return Rehearsal(rule, False, _("It does not fire beyond its threshold"))
    alert, channels = fired[rule.name, SUBJECT], _told(rule, fired, routing, fires_at)
    calm_at = fires_at + routing.window + _MOMENT
    ended = _look(rule, _look(rule, fired, _well(rule), calm_at), _well(rule), calm_at + rule.calm)
    if _stage(rule, ended) is not Stage.RESOLVED:
        return Rehearsal(rule, False, _("It does not end when its cause is gone"), channels, alert)
    if not channels:
        text = _("It fires and ends, but no channel would be told of a {priority}", priority=rule.priority.value)
        return Rehearsal(rule, False, text, (), alert)
    text = _(
        "Fires {condition} after {after}, told on {channels}, ends after {calm}",
        condition=str(rule.condition),
        after=span(rule.after),
        channels=", ".join(channels),
        calm=span(rule.calm),
    )
    return Rehearsal(rule, True, text, channels, alert)


def _look(rule: Rule, alerts: dict[Key, Alert], value: float, now: datetime) -> dict[Key, Alert]:
    signal = Signal(value, _("This is a test: nothing is wrong"))
    return evaluate((rule,), alerts, {(rule.signal, SUBJECT): signal}, (), now)[0]


def _told(rule: Rule, alerts: dict[Key, Alert], routing: Routing, now: datetime) -> tuple[str, ...]:
    """The channels that the message goes to."""
    awake, rules = replace(routing, quiet=None), {rule.name: rule}
    joined = announce(rules, alerts, {}, awake, (), now)
    told = announce(rules, joined.alerts, joined.groups, awake, (), now + routing.window)
    return tuple(message.channel for message in told.messages if message.kind is Kind.TRIGGER)


def _stage(rule: Rule, alerts: dict[Key, Alert]) -> Stage | None:
    alert = alerts.get((rule.name, SUBJECT))
    return alert.stage if alert else None


def _beyond(rule: Rule) -> float:
    """A value for which the condition holds."""
    return rule.condition.threshold + (-1 if rule.condition.below else 1)


def _well(rule: Rule) -> float:
    """A value that is past the end of the condition as well."""
    end = rule.condition.threshold if rule.condition.clear is None else rule.condition.clear
    return end + (1 if rule.condition.below else -1)
