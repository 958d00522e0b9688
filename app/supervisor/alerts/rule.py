"""What a rule is: data, so that the list of them reads as a table and the settings may change them."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app.core.i18n import _


class Priority(StrEnum):
    """As in the manuals: P1 system down, data loss, breach; P2 a major function; P3 minor; P4 to be known."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


# Within which somebody has to acknowledge, and by when it should be over.
RESPONSE = {
    Priority.P1: timedelta(minutes=15),
    Priority.P2: timedelta(hours=1),
    Priority.P3: timedelta(hours=4),
    Priority.P4: timedelta(hours=24),
}
RESOLUTION = {
    Priority.P1: timedelta(hours=4),
    Priority.P2: timedelta(hours=8),
    Priority.P3: timedelta(hours=24),
    Priority.P4: timedelta(days=7),
}


@dataclass(frozen=True)
class Condition:
    """True above (or below) `threshold`. Once true it stays so until `clear` is passed as well, if there is one."""

    threshold: float
    below: bool = False
    clear: float | None = None

    def holds(self, value: float, held: bool) -> bool:
        limit = self.clear if held and self.clear is not None else self.threshold
        return value < limit if self.below else value > limit

    def __str__(self) -> str:
        return f"{'<' if self.below else '>'} {self.threshold:g}"


@dataclass(frozen=True)
class Rule:
    """One thing that people must know.

    signal         its name; every subject of that name has an alert of its own
    after          how long the condition must hold, and `calm` how long it must not, before anything is said
    inhibited_by   rules whose alerts explain this one: "rule" for the same subject, "rule:subject", "rule:*"
    linger         how long after the end of such an alert it still explains what began before that end
    group          alerts of one group that begin within seconds of each other make one message
    occurrence     something that happened rather than something that lasts: its end is told to machines, not to people
    channels       names of channels; () for those the settings choose by priority
    """

    name: str
    title: str
    signal: str
    condition: Condition
    priority: Priority
    advice: str
    after: timedelta = timedelta()
    calm: timedelta = timedelta(seconds=60)
    inhibited_by: tuple[str, ...] = ()
    linger: timedelta = timedelta(minutes=2)
    group: str = ""
    occurrence: bool = False
    channels: tuple[str, ...] = ()
    runbook: str = ""

    def title_for(self, subject: str) -> str:
        """The headline, in the company's language."""
        return _(self.title, subject=subject)

    @property
    def page(self) -> str:
        """Where the supervisor's own pages say what to do."""
        return f"/alerts/rules#{self.name}"

    @property
    def link(self) -> str:
        """Where the operators' manual on the host says what to do."""
        return self.runbook or f"docs/alerts.md#{self.name.replace('_', '-')}"

    def link_at(self, address: str) -> str:
        """The same for somebody who reads it elsewhere and reaches the supervisor's pages at `address`, if it is known."""
        return f"{address.rstrip('/')}{self.page}" if address and not self.runbook else self.link
