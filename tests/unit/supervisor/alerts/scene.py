"""A scene for the alerts: signals that are set by hand, in simulated time, with everything that is told."""

from dataclasses import dataclass, field
from datetime import timedelta

from app.supervisor.alerts.alert import Alert, Key, Silence
from app.supervisor.alerts.change import AlertChange
from app.supervisor.alerts.engine import acknowledge, evaluate
from app.supervisor.alerts.grouping import Group, Kind, Message, announce
from app.supervisor.alerts.routing import Route, Routing, Tier
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.rules import RULES
from app.supervisor.alerts.signals import Signal
from tests.unit.supervisor.world import BEGIN

MAIL, PAGER = Route("mail"), Route("pager", machine=True, acknowledges=True)
SECOND, THIRD = Route("second", Tier.TECHNICAL), Route("third", Tier.DEVELOPMENT)


@dataclass
class Scene:
    """`signals` are what the rules see; `messages` and `changes` all that came of them."""

    rules: tuple[Rule, ...] = RULES
    routing: Routing = field(default_factory=lambda: Routing((MAIL,)))
    alerts: dict[Key, Alert] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    silences: list[Silence] = field(default_factory=list)
    signals: dict[Key, Signal] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    changes: list[AlertChange] = field(default_factory=list)
    now = BEGIN

    def set(self, name: str, value: float, subject: str = "", cause: str = "") -> "Scene":
        self.signals[name, subject] = Signal(value, f"{name} is {value:g}", cause)
        return self

    def down(self, *names: str, cause: str = "") -> "Scene":
        for name in names:
            self.set("service_down", 1, name, cause or name)
        return self

    def up(self, *names: str) -> "Scene":
        for name in names:
            self.set("service_down", 0, name)
        return self

    def forget(self, name: str, subject: str = "") -> "Scene":
        del self.signals[name, subject]
        return self

    def advance(self, seconds: float, step: float = 1) -> "Scene":
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            self.now += timedelta(seconds=step)
            self.look()
        return self

    def look(self) -> "Scene":
        self.alerts, changes = evaluate(self.rules, self.alerts, self.signals, self.silences, self.now)
        self.changes += changes
        self._announce()
        return self

    def acknowledge(self, rule: str, subject: str = "") -> "Scene":
        ids = [self.alerts[rule, subject].id]
        self.alerts, changes = acknowledge(self.alerts, ids, "Ada", "looking at it", self.now)
        self.changes += changes
        self._announce()
        return self

    def silence(self, rule: str, subject: str, seconds: float) -> "Scene":
        end = self.now + timedelta(seconds=seconds)
        self.silences.append(Silence(f"s{len(self.silences)}", rule, subject, end, "Ada", "works on it", self.now))
        return self

    def stage(self, rule: str, subject: str = "") -> str:
        alert = self.alerts.get((rule, subject))
        return alert.stage.value if alert else "ok"

    def told(self, kind: Kind | None = None, channel: str | None = None) -> list[list[str]]:
        """For each message the alerts it is about."""
        return [
            [f"{alert.rule} {alert.subject}".strip() for alert in message.alerts]
            for message in self.messages
            if kind in {None, message.kind} and channel in {None, message.channel}
        ]

    def kinds(self, channel: str = "mail") -> list[str]:
        return [message.kind.value for message in self.messages if message.channel == channel]

    def steps(self, rule: str, subject: str = "") -> list[str]:
        return [step.now for step in self.changes if (step.rule, step.subject) == (rule, subject)]

    def _announce(self) -> None:
        rules = {rule.name: rule for rule in self.rules}
        done = announce(rules, self.alerts, self.groups, self.routing, self.silences, self.now)
        self.alerts, self.messages = done.alerts, self.messages + done.messages
        self.groups = {name: group for name, group in done.groups.items() if not group.closed}
