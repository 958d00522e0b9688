"""When each rule was last tested, by whom, and how it went: played through in memory, and on wish told on its channels."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.core.clock import Clock
from app.core.i18n import _
from app.supervisor.alerts.desk import LONGEST_NAME, Desk, Refused
from app.supervisor.alerts.grouping import Kind, Message
from app.supervisor.alerts.rehearsal import Rehearsal, rehearse
from app.supervisor.store import Line

SCHEMA = """
CREATE TABLE IF NOT EXISTS rule_tests (
    rule TEXT PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, good INTEGER NOT NULL, told INTEGER NOT NULL, text TEXT NOT NULL
);
"""
_FIRED = "SELECT rule, max(json_extract(body, '$.fired_at')) FROM alerts GROUP BY rule"


class Store(Protocol):
    """Where the rows lie; `StateFile` in earnest."""

    def define(self, schema: str) -> None: ...
    def read(self, statement: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]: ...
    def write(self, *steps: tuple[str, Iterable[tuple[object, ...]]]) -> bool: ...


@dataclass(frozen=True)
class RuleTest:
    """The last test of one rule; `told`: its channels really got a message."""

    rule: str
    at: datetime
    who: str
    good: bool
    told: bool
    text: str


class RuleTests:
    """Tests rules, and remembers the last test of each."""

    def __init__(self, desk: Desk, store: Store, clock: Clock, note: Callable[[Line], None]) -> None:
        self._desk, self._store, self._clock, self._note = desk, store, clock, note
        store.define(SCHEMA)

    def test(self, name: str, who: str, seconds: float) -> RuleTest:
        """Play the rule through and send a test to the channels it would be told on. Raises Refused.

        A message that was not taken within `seconds` counts as not sent.
        """
        now = self._clock.now()
        played = self._played(name, now)
        good, text = played.good, played.text
        if good:
            trouble = self._send(played, now, seconds)
            good, text = not trouble, "; ".join(trouble) or text
        done = RuleTest(name, now, who[:LONGEST_NAME], good, bool(played.channels) and good, text)
        self._keep([done])
        outcome = _("it went well") if good else text
        self._note(
            Line(now, "", _("{who} tested the alert rule {rule}: {outcome}", who=who, rule=name, outcome=outcome), not good)
        )
        return done

    def test_all(self, who: str) -> list[RuleTest]:
        """Play every rule that is on through, without sending anything."""
        now = self._clock.now()
        played = [rehearse(rule, self._desk.settings.current.routing, now) for rule in self._desk.rules.values()]
        done = [RuleTest(one.rule.name, now, who[:LONGEST_NAME], one.good, False, one.text) for one in played]
        self._keep(done)
        bad = sum(not one.good for one in done)
        text = _("{who} tested {count} alert rules: {bad} did not go well", who=who, count=len(done), bad=bad)
        self._note(Line(now, "", text, bool(bad)))
        return done

    def last(self) -> Mapping[str, RuleTest]:
        """The last test of each rule that was ever tested."""
        rows = self._store.read("SELECT rule, at, who, good, told, text FROM rule_tests")
        return {
            rule: RuleTest(rule, datetime.fromisoformat(at), who, bool(good), bool(told), text)
            for rule, at, who, good, told, text in rows
        }

    def fired(self) -> Mapping[str, datetime]:
        """When each rule last fired in earnest, as far back as alerts are kept."""
        return {rule: datetime.fromisoformat(at) for rule, at in self._store.read(_FIRED) if at}

    def _played(self, name: str, now: datetime) -> Rehearsal:
        rule = self._desk.rules.get(name)
        if rule is None:
            known = ", ".join(self._desk.rules)
            text = _("There is no rule {rule} in force. There are: {names}", rule=repr(name[:60]), names=known)
            raise Refused(text, missing=True)
        return rehearse(rule, self._desk.settings.current.routing, now)

    def _send(self, played: Rehearsal, now: datetime, seconds: float) -> list[str]:
        """Tell every channel of the rule; what went wrong, one line each."""
        about = (played.alert,) if played.alert else ()
        group = f"test-{secrets.token_hex(6)}"
        sent = [
            Message(f"{group}.{channel}", group, Kind.TEST, channel, played.rule.priority, now, about)
            for channel in played.channels
        ]
        for message in sent:
            self._desk.outbox.put(message)
        trouble = []
        for message in sent:
            delivery = self._desk.outbox.wait_for(message.id, seconds)
            if delivery is None or delivery.state != "sent":
                error = delivery.error if delivery and delivery.error else _("not taken within {count} s", count=round(seconds))
                trouble.append(_("{channel} was not told: {error}", channel=message.channel, error=error))
        return trouble

    def _keep(self, done: Iterable[RuleTest]) -> None:
        rows = [(one.rule, one.at.isoformat(), one.who, one.good, one.told, one.text) for one in done]
        if not self._store.write(("INSERT OR REPLACE INTO rule_tests VALUES (?, ?, ?, ?, ?, ?)", rows)):
            raise Refused(_("The test could not be recorded: the supervisor's state file cannot be written."))
