"""The desk where everything about alerts comes together: looks at each turn, keeps, tells, and takes what people say."""

import secrets
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.core.clock import Clock
from app.core.i18n import N_, _
from app.core.logging import get_logger
from app.supervisor.actions import Action
from app.supervisor.alerts.alert import Alert, Key, Silence, Stage
from app.supervisor.alerts.change import AlertChange, Listener
from app.supervisor.alerts.channels.all import open_channels
from app.supervisor.alerts.channels.channel import Channel
from app.supervisor.alerts.engine import acknowledge, evaluate
from app.supervisor.alerts.grouping import Group, Kind, Message, announce
from app.supervisor.alerts.heartbeat import Heartbeat
from app.supervisor.alerts.outbox import Delivery, Outbox
from app.supervisor.alerts.own_signals import Streak, own_signals
from app.supervisor.alerts.rule import Priority, Rule
from app.supervisor.alerts.rules import BY_NAME
from app.supervisor.alerts.self_test import due_self_tests
from app.supervisor.alerts.settings import AlertSettings, SettingsFile
from app.supervisor.alerts.signals import Signal, read_signals
from app.supervisor.alerts.store import AlertStore
from app.supervisor.alerts.wording import Wording, word
from app.supervisor.events import Event, Tick
from app.supervisor.state import State
from app.supervisor.store import Line

LONGEST_SILENCE, SHORTEST_SILENCE = timedelta(days=30), timedelta(minutes=1)
LONGEST_NAME, LONGEST_REASON = 80, 500

log = get_logger(__name__)


class Refused(ValueError):
    """What a person asked for makes no sense; the message says why. `missing`: there is no such thing."""

    def __init__(self, text: str, missing: bool = False) -> None:
        super().__init__(text)
        self.missing = missing


class Desk:
    """An observer of the loop. Everything that it shows may be read at any time; listeners are called in the thread that
    caused the change, which is the loop's or a page's."""

    def __init__(self, store: AlertStore, settings: SettingsFile, clock: Clock, note: Callable[[Line], None]) -> None:
        self._store, self._clock, self._note = store, clock, note
        self.settings = settings
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._delivery_listeners: list[Callable[[Delivery], None]] = []
        self._channels: Mapping[str, Channel] = {}
        self._rules: Mapping[str, Rule] = {}
        self._use(settings.current)
        self.alerts: dict[Key, Alert] = store.live()
        self.groups: dict[str, Group] = store.groups()
        self.silences: list[Silence] = store.silences(clock.now())
        self.signals: Mapping[Key, Signal] = {}
        self._stored = {alert.id: _worth(alert) for alert in self.alerts.values()}
        self._stored_groups = dict(self.groups)
        self.outbox = Outbox(store, lambda: self._channels, clock, self._delivered)
        self.heartbeat = Heartbeat(lambda: self.settings.current.file.heartbeat, self._looks, clock)
        self._streaks = {name: _streak(self.outbox.last(name)) for name in self._channels}
        self._looked_at: datetime | None = None
        self._alive: Callable[[], bool] = lambda: True

    # --- the loop's side -----------------------------------------------------------------------------------------------------

    def turned(self, before: State, after: State, event: Event, actions: Sequence[Action], now: datetime) -> None:
        """Once a second is enough: nothing here is told sooner than the window of a group."""
        if isinstance(event, Tick):
            self.look(after, now)

    def look(self, state: State, now: datetime) -> None:
        """One look at every signal, and what follows from it."""
        with self._lock:
            self.signals = {**read_signals(state, now), **self._own()}
            self.silences = [silence for silence in self.silences if now < silence.until]
            self.alerts, changes = evaluate(self.settings.current.rules, self.alerts, self.signals, self.silences, now)
            self._follow_up(now)
            if self._looked_at is None or self._looked_at.minute != now.minute:
                self._test_weekly(now)
            self._looked_at = now
        self._tell(changes)

    def subscribe(self, listener: Listener) -> None:
        """Have `listener` called with the changes of each turn that had any."""
        self._listeners.append(listener)

    def on_delivery(self, listener: Callable[[Delivery], None]) -> None:
        """Have `listener` called, in a sender's thread, with what came of each attempt to send."""
        self._delivery_listeners.append(listener)

    def watch(self, alive: Callable[[], bool]) -> None:
        """Let the heartbeat stop when `alive` says no."""
        self._alive = alive

    # --- what people ask for ---------------------------------------------------------------------------------------------------

    def acknowledge(self, alert_id: str, who: str, reason: str) -> list[AlertChange]:
        """Somebody looks after it, and after everything told with it. Raises Refused."""
        who, reason = _person(who), _said(reason, N_("Say why, or what you are going to do."))
        with self._lock:
            alert = self.alert(alert_id)
            if alert.stage is not Stage.FIRING:
                raise Refused(_("This alert is {stage}: there is nothing to acknowledge.", stage=alert.stage.value))
            now = self._clock.now()
            together = {
                other.id for other in self.alerts.values() if other.id == alert_id or (alert.group and other.group == alert.group)
            }
            together |= {other.id for other in self.alerts.values() if other.muted in together}
            self.alerts, changes = acknowledge(self.alerts, together, who, reason, now)
            self._follow_up(now)
        text = _("{who} acknowledged: {title} ({reason})", who=who, title=self.title(alert), reason=reason)
        self._note(Line(now, alert.subject, text, False))
        self._tell(changes)
        return changes

    def silence(self, rule: str, subject: str, length: timedelta, who: str, why: str) -> Silence:
        """Keep alerts quiet for `length`. Raises Refused."""
        who, why = _person(who), _said(why, N_("Say why it shall be quiet."))
        if not any(mark in rule for mark in "*?[") and rule not in BY_NAME:
            raise Refused(_("There is no rule {rule}. * stands for all.", rule=rule[:60] or "?"))
        if not SHORTEST_SILENCE <= length <= LONGEST_SILENCE:
            raise Refused(_("A silence lasts from 1 minute to 30 days."))
        now = self._clock.now()
        made = Silence(secrets.token_hex(6), rule[:60], subject.strip()[:100] or "*", now + length, who, why, now)
        with self._lock:
            self.silences.append(made)
            self._store.add_silence(made)
        text = _(
            "{who} silenced {rule} {subject} until {until} UTC ({why})",
            who=who,
            rule=made.rule,
            subject=made.subject,
            until=f"{made.until:%Y-%m-%d %H:%M}",
            why=why,
        )
        self._note(Line(now, "", text, False))
        return made

    def unsilence(self, silence_id: str, who: str) -> Silence:
        """End a silence before its time. Raises Refused."""
        who, now = _person(who), self._clock.now()
        with self._lock:
            found = next((silence for silence in self.silences if silence.id == silence_id), None)
            if found is None:
                raise Refused(_("There is no such silence; it may have ended."), missing=True)
            self.silences.remove(found)
            self._store.end_silence(found, now)
        self._note(
            Line(
                now, "", _("{who} ended the silence of {rule} {subject}", who=who, rule=found.rule, subject=found.subject), False
            )
        )
        return found

    def test(self, channel: str, who: str) -> str:
        """Send a test now; returns the id of the message, whose delivery tells the result. Raises Refused."""
        if channel not in self._channels:
            names = ", ".join(self._channels) or _("none")
            raise Refused(
                _("There is no channel {channel}. Configured: {names}", channel=channel[:60], names=names), missing=True
            )
        now = self._clock.now()
        message_id = f"test-{secrets.token_hex(6)}.{channel}"
        message = Message(message_id, message_id, Kind.TEST, channel, Priority.P4, now)
        self.outbox.put(message)
        self._note(Line(now, "", _("{who} sent a test on {channel}", who=who, channel=channel), False))
        return message.id

    def reload(self, who: str = "") -> bool:
        """Read the settings again; True when the file is right. A broken one leaves the former settings in force."""
        with self._lock:
            good = self.settings.reload()
            if good:
                self._use(self.settings.current)
        text = (
            _("The alert settings were read again")
            if good
            else _("The alert settings have mistakes; the former ones stay in force")
        )
        self._note(Line(self._clock.now(), "", f"{text} ({who})" if who else text, not good))
        return good

    def follow_settings(self) -> None:
        """Read the settings again when the file has changed."""
        if self.settings.changed():
            self.reload()

    # --- looking ---------------------------------------------------------------------------------------------------------------

    def alert(self, alert_id: str) -> Alert:
        """The alert of that id. Raises Refused."""
        for alert in self.alerts.values():
            if alert.id == alert_id:
                return alert
        raise Refused(_("There is no such alert; it may be over."), missing=True)

    def known(self, alert_id: str) -> Alert:
        """The alert of that id, be it over: messages lead to it for as long as it is kept. Raises Refused."""
        alert = next((alert for alert in self.alerts.values() if alert.id == alert_id), None) or self._store.one(alert_id)
        if alert is None:
            raise Refused(_("There is no such alert."), missing=True)
        return alert

    def live(self) -> list[Alert]:
        """What is wrong now: the worst first, the longest first."""
        found = [alert for alert in self.alerts.values() if alert.stage in {Stage.FIRING, Stage.ACKNOWLEDGED, Stage.PENDING}]
        return sorted(found, key=lambda a: (a.stage is Stage.PENDING, bool(a.muted), a.priority, a.since))

    def recent(self, count: int = 30) -> list[Alert]:
        """What is over, newest first."""
        return self._store.recent(count)

    @property
    def channels(self) -> Mapping[str, Channel]:
        return self._channels

    @property
    def rules(self) -> Mapping[str, Rule]:
        return self._rules

    def title(self, alert: Alert) -> str:
        rule = self._rules.get(alert.rule) or BY_NAME.get(alert.rule)
        return rule.title_for(alert.subject) if rule else f"{alert.rule} {alert.subject}".strip()

    def prune(self) -> None:
        """Forget what is old."""
        self._store.prune(self._clock.now())

    # --- inside ----------------------------------------------------------------------------------------------------------------

    def _use(self, settings: AlertSettings) -> None:
        self._rules = {rule.name: rule for rule in settings.rules}
        self._channels = open_channels(settings.file.channel, self._word)
        self._known_since = self._store.know_channels(self._channels, self._clock.now())

    def _word(self, message: Message) -> Wording:
        return word(message, {**BY_NAME, **self._rules}, self.settings.current.file.public_address)

    def _follow_up(self, now: datetime) -> None:
        """Group, tell, and store it all at once."""
        done = announce(self._rules, self.alerts, self.groups, self.settings.current.routing, self.silences, now)
        self.alerts, self.groups = done.alerts, done.groups
        changed = [alert for alert in self.alerts.values() if self._stored.get(alert.id) != _worth(alert)]
        present = {alert.id for alert in self.alerts.values()}
        gone = [alert_id for alert_id in self._stored if alert_id not in present]
        doubts = [alert_id for alert_id in gone if self._stored[alert_id][0] is Stage.PENDING]
        groups = [group for group in self.groups.values() if self._stored_groups.get(group.id) != group]
        if not changed and not gone and not groups and not done.messages:
            return
        if self._store.keep(changed, doubts, groups, done.messages):
            self._stored = {alert.id: _worth(alert) for alert in self.alerts.values()}
            self.groups = {group.id: group for group in self.groups.values() if not group.closed}
            self._stored_groups = dict(self.groups)
        else:
            self.outbox.put_unstored(done.messages)
        if done.messages:
            self.outbox.wake()

    def _own(self) -> dict[Key, Signal]:
        spoken_of = {subject for rule, subject in self.alerts if rule == "channel_failing"}
        streaks = {name: streak for name, streak in self._streaks.items() if name in self._channels}
        return own_signals(
            self.settings.mistakes,
            {*self._channels, *spoken_of},
            streaks,
            self.heartbeat.pulse,
            self._store.trouble,
            self._store.damaged,
        )

    def _delivered(self, delivery: Delivery) -> None:
        channel, kind = delivery.message.channel, delivery.message.kind
        if kind is not Kind.TEST or delivery.state == "sent":  # a person who tries things out sees the result
            with self._lock:
                self._streaks[channel] = self._streaks.get(channel, Streak()).after(delivery)
        if delivery.state != "waiting":
            outcome = _("told {channel}") if delivery.state == "sent" else _("could not tell {channel} ({error})")
            text = f"{self._word(delivery.message).headline}: {outcome.format(channel=channel, error=delivery.error)}"
            self._note(Line(self._clock.now(), "", text, delivery.state == "failed"))
        for listener in self._delivery_listeners:
            _guarded(listener, delivery)

    def _test_weekly(self, now: datetime) -> None:
        for message in due_self_tests(self.settings.current.file, self._known_since, now):
            if self.outbox.delivery(message.id) is None:
                self.outbox.put(message)

    def _tell(self, changes: list[AlertChange]) -> None:
        if changes:
            for listener in self._listeners:
                _guarded(listener, changes)

    def _looks(self) -> bool:
        return self._alive()


def _worth(alert: Alert) -> tuple[Any, ...]:
    """What of an alert is worth writing down when it changes; its figures change every second."""
    return (alert.stage, alert.muted, alert.group, alert.cause, alert.priority, alert.acknowledged_by)


def _streak(last: Delivery | None) -> Streak:
    if last is None or last.state == "sent" or last.message.kind is Kind.TEST:
        return Streak()
    return Streak(last.attempts, last.state == "failed", last.error)


def _person(name: str) -> str:
    return _said(name, N_("Say who you are: the operator's account is shared."))[:LONGEST_NAME]


def _said(text: str, complaint: str) -> str:
    clean = " ".join(text.split())
    if not clean:
        raise Refused(_(complaint))
    return clean[:LONGEST_REASON]


def _guarded(listener: Callable[[Any], None], value: Iterable[Any] | Delivery) -> None:
    """A listener that breaks must not keep the others from hearing."""
    try:
        listener(value)
    except Exception:
        log.exception("a listener of the alerts broke")
