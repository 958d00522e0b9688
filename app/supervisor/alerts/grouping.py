"""Which messages follow from the alerts: one for what began together, one at its end, and a louder one if nobody answers.

Pure. Ids of messages are made from what they are about, so that working them out twice gives the same message.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from app.supervisor.alerts.alert import Alert, Key, Silence, Stage
from app.supervisor.alerts.routing import TIERS, Routing
from app.supervisor.alerts.rule import RESOLUTION, RESPONSE, Priority, Rule


class Kind(StrEnum):
    """What a message says."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    ESCALATE = "escalate"
    OVERDUE = "overdue"
    RESOLVE = "resolve"
    TEST = "test"
    SELF_TEST = "self-test"


@dataclass(frozen=True)
class Group:
    """Alerts that are told together. `level` counts escalations, the last at `raised_at`; `channels` are those that were told."""

    id: str
    name: str
    due_at: datetime
    priority: Priority
    members: tuple[str, ...]
    told_at: datetime | None = None
    acknowledged: bool = False
    level: int = 0
    raised_at: datetime | None = None
    channels: tuple[str, ...] = ()
    closed: bool = False
    overdue: bool = False  # it was told that it should be over


@dataclass(frozen=True)
class Message:
    """One thing to say on one channel. `alerts` are those it is about, `affected` those it explains."""

    id: str
    group: str
    kind: Kind
    channel: str
    priority: Priority
    at: datetime
    alerts: tuple[Alert, ...] = ()
    affected: tuple[str, ...] = ()


@dataclass(frozen=True)
class Round:
    """What came of one look."""

    alerts: dict[Key, Alert]
    groups: dict[str, Group]
    messages: list[Message]


def announce(
    rules: Mapping[str, Rule],
    alerts: Mapping[Key, Alert],
    groups: Mapping[str, Group],
    routing: Routing,
    silences: Iterable[Silence],
    now: datetime,
) -> Round:
    """Put new alerts into groups, and tell what is due. Closed groups are in the answer once, so that they can be stored."""
    after = Round(dict(alerts), dict(groups), [])
    for alert in alerts.values():
        if alert.live and not alert.group and not alert.muted:
            _join(rules, after, alert, routing, now)
    quiet = tuple(silences)
    for group in list(after.groups.values()):
        members = [alert for alert in after.alerts.values() if alert.group == group.id]
        if group.told_at is None:
            if now >= group.due_at:
                _tell(rules, after, group, members, routing, now)
        elif not group.closed:
            _follow(rules, after, group, members, routing, quiet, now)
    return after


def _join(rules: Mapping[str, Rule], after: Round, alert: Alert, routing: Routing, now: datetime) -> None:
    rule = rules.get(alert.rule)
    name = (rule.group if rule else "") or alert.rule
    if (told := _told_of(name, alert, after)) is not None:
        after.groups[told.id] = replace(told, members=(*told.members, alert.id))
        after.alerts[alert.key] = replace(alert, group=told.id)
        return
    waiting = (group for group in after.groups.values() if group.name == name and group.told_at is None and not group.closed)
    group = next((group for group in waiting if group.due_at - now <= routing.window), None)  # not one that sleeps till morning
    if group is None:
        group = Group(alert.id, name, now + routing.window, alert.priority, ())
    priority = min(group.priority, alert.priority)
    after.groups[group.id] = replace(group, members=(*group.members, alert.id), priority=priority)
    after.alerts[alert.key] = replace(alert, group=group.id)


def _told_of(name: str, alert: Alert, after: Round) -> Group | None:
    """The message that is out already about the very cause that `alert` gives: it says all there is to say."""
    if alert.cause in {alert.subject, ""}:
        return None
    about = {other.group for other in after.alerts.values() if other.live and other.cause == alert.cause}
    groups = (group for group in after.groups.values() if group.id in about and group.name == name)
    return next((group for group in groups if group.told_at is not None and not group.closed), None)


def _tell(rules: Mapping[str, Rule], after: Round, group: Group, members: list[Alert], routing: Routing, now: datetime) -> None:
    """Its time has come: what is still so is told; what was over within the window was nothing."""
    live = [alert for alert in members if alert.live]
    if not live:
        after.groups[group.id] = replace(group, closed=True)
        return
    priority = min(alert.priority for alert in live)
    later = routing.quiet.until(priority, now) if routing.quiet else None
    if later is not None:
        after.groups[group.id] = replace(group, due_at=later)
        return
    wanted = {name for alert in live for name in _channels(rules, alert)}
    channels = routing.first(priority, wanted, _broken(live))
    told = replace(group, told_at=now, priority=priority, channels=tuple(channels))
    after.groups[group.id] = told
    _say(after, told, Kind.TRIGGER, channels, live, now)
    if all(alert.stage is Stage.ACKNOWLEDGED for alert in live):
        _acknowledged(after, told, live, routing, now)


def _follow(
    rules: Mapping[str, Rule],
    after: Round,
    group: Group,
    members: list[Alert],
    routing: Routing,
    silences: tuple[Silence, ...],
    now: datetime,
) -> None:
    live = [alert for alert in members if alert.live]
    if not live:
        after.groups[group.id] = replace(group, closed=True)
        happened = all(rules[alert.rule].occurrence for alert in members if alert.rule in rules)
        known = {route.name: route for route in routing.routes}
        channels = [name for name in group.channels if not happened or (name in known and known[name].machine)]
        _say(after, group, Kind.RESOLVE, channels, members, now)
        return
    _overdue(after, group, live, routing, silences, now)
    group = after.groups[group.id]
    firing = [alert for alert in live if alert.stage is Stage.FIRING]
    if not firing and not group.acknowledged:
        _acknowledged(after, group, live, routing, now)
        return
    loud = [alert for alert in firing if not any(silence.covers(alert, now) for silence in silences)]
    if loud and not group.acknowledged:
        _escalate(after, group, live, routing, now)


def _acknowledged(after: Round, group: Group, live: list[Alert], routing: Routing, now: datetime) -> None:
    after.groups[group.id] = replace(group, acknowledged=True)
    listening = {route.name for route in routing.routes if route.acknowledges}
    _say(after, group, Kind.ACKNOWLEDGE, [name for name in group.channels if name in listening], live, now)


def _escalate(after: Round, group: Group, live: list[Alert], routing: Routing, now: datetime) -> None:
    """Nobody answered within the response time: the next tier hears of it; without one, the first hears again.

    Each tier has its whole time to answer, also when nobody kept watch while the time of several went by.
    """
    level = group.level + 1
    last = group.raised_at or group.told_at
    assert last is not None
    if level >= len(TIERS) or now - last < RESPONSE[group.priority]:
        return
    without = _broken(live)
    channels = routing.next_tier(level, group.priority, without) or [name for name in group.channels if name not in without]
    louder = replace(group, level=level, raised_at=now, channels=tuple(dict.fromkeys([*group.channels, *channels])))
    after.groups[group.id] = louder
    _say(after, louder, Kind.ESCALATE, channels, live, now)


def _overdue(
    after: Round, group: Group, live: list[Alert], routing: Routing, silences: tuple[Silence, ...], now: datetime
) -> None:
    """It should be over by now: everybody who was told hears of it once, whether somebody looks after it or not."""
    assert group.told_at is not None
    waits = routing.quiet is not None and routing.quiet.until(group.priority, now) is not None
    silent = all(any(silence.covers(alert, now) for silence in silences) for alert in live)
    if group.overdue or waits or silent or now - group.told_at < RESOLUTION[group.priority]:
        return
    after.groups[group.id] = replace(group, overdue=True)
    without = _broken(live)
    _say(after, group, Kind.OVERDUE, [name for name in group.channels if name not in without], live, now)


def _say(after: Round, group: Group, kind: Kind, channels: Iterable[str], about: list[Alert], now: datetime) -> None:
    ids = {alert.id for alert in about}
    affected = sorted({alert.subject for alert in after.alerts.values() if alert.live and alert.muted in ids and alert.subject})
    shown = tuple(sorted(about, key=lambda alert: (alert.priority, alert.since)))  # else in the order of the stages)
    for name in channels:
        suffix = f"{kind.value}{group.level}" if kind is Kind.ESCALATE else kind.value
        after.messages.append(
            Message(f"{group.id}.{suffix}.{name}", group.id, kind, name, group.priority, now, shown, tuple(affected))
        )


def _channels(rules: Mapping[str, Rule], alert: Alert) -> tuple[str, ...]:
    rule = rules.get(alert.rule)
    return rule.channels if rule else ()


def _broken(live: Iterable[Alert]) -> set[str]:
    """A channel that fails cannot tell of it."""
    return {alert.subject for alert in live if alert.rule == "channel_failing"}
