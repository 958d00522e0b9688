"""Signals about the alerting itself: its settings, channels, heartbeat and memory. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.core.i18n import _, ngettext
from app.supervisor.alerts.heartbeat import Pulse
from app.supervisor.alerts.mistakes import Mistake
from app.supervisor.alerts.outbox import Delivery
from app.supervisor.alerts.signals import Key, Signal

FAILURES = 3  # attempts in a row after which a channel counts as failing
_SHOWN = 5


@dataclass(frozen=True)
class Streak:
    """A channel's attempts that failed since it last worked; `given_up` when a message was."""

    failures: int = 0
    given_up: bool = False
    error: str = ""

    def after(self, delivery: Delivery) -> "Streak":
        if delivery.state == "sent":
            return Streak()
        return Streak(self.failures + 1, self.given_up or delivery.state == "failed", delivery.error)

    @property
    def failing(self) -> bool:
        return self.given_up or self.failures >= FAILURES


def own_signals(
    mistakes: Sequence[Mistake],
    channels: Iterable[str],
    streaks: Mapping[str, Streak],
    pulse: Pulse,
    trouble: str,
    damaged: str,
) -> dict[Key, Signal]:
    """`channels`: every one to speak of; those without a streak are well."""
    lines = [str(mistake) for mistake in mistakes[:_SHOWN]]
    if len(mistakes) > _SHOWN:
        lines.append(ngettext("and {count} more", "and {count} more", len(mistakes) - _SHOWN))
    signals = {
        ("settings_broken", ""): Signal(float(len(mistakes)), "; ".join(lines)),
        ("heartbeat_failing", ""): Signal(float(pulse.failures), pulse.error),
        ("state_unwritable", ""): Signal(float(bool(trouble)), trouble),
        ("state_damaged", ""): Signal(float(bool(damaged)), _("kept as {path}", path=damaged) if damaged else ""),
    }
    for name in channels:
        streak = streaks.get(name, Streak())
        signals["channel_failing", name] = Signal(float(streak.failing), streak.error)
    return signals
