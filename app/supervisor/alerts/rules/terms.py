"""The words that rules are written in."""

from datetime import timedelta

from app.supervisor.alerts.rule import Condition, Priority

P1, P2, P3, P4 = Priority.P1, Priority.P2, Priority.P3, Priority.P4
YES = Condition(0)  # signals that are 0 or a count
ANY_DOWN = ("service_down:*", "service_quarantined:*", "docker_silent")


def above(threshold: float, clear: float | None = None) -> Condition:
    """Fires above `threshold`, and is over at `clear`, in the signal's unit."""
    return Condition(threshold, clear=clear)


def below(threshold: float, clear: float | None = None) -> Condition:
    """Fires below `threshold`, and is over at `clear`, in the signal's unit."""
    return Condition(threshold, below=True, clear=clear)


def minutes(count: float) -> timedelta:
    """A span."""
    return timedelta(minutes=count)
