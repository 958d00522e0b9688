"""Who is told of what, and when: channels by priority and tier, and the quiet hours. Pure values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.supervisor.alerts.rule import Priority

ALL = frozenset(Priority)


class Tier(StrEnum):
    """Who is asked first, second and third."""

    OPERATIONS = "operations"
    TECHNICAL = "technical"
    DEVELOPMENT = "development"


TIERS = tuple(Tier)


@dataclass(frozen=True)
class Route:
    """One channel. `machine`: a program listens, which wants to hear of every end; `acknowledges`: and of acknowledgements."""

    name: str
    tier: Tier = Tier.OPERATIONS
    priorities: frozenset[Priority] = ALL
    machine: bool = False
    acknowledges: bool = False


@dataclass(frozen=True)
class QuietHours:
    """Between `begin` and `end` in `zone`, which may span midnight, `priorities` wait."""

    begin: time
    end: time
    zone: ZoneInfo
    priorities: frozenset[Priority] = frozenset({Priority.P3, Priority.P4})

    def until(self, priority: Priority, now: datetime) -> datetime | None:
        """When a message of `priority` may go out; None when it may now."""
        if priority not in self.priorities:
            return None
        local = now.astimezone(self.zone)
        clock = local.timetz().replace(tzinfo=None)
        inside = self.begin <= clock < self.end if self.begin <= self.end else clock >= self.begin or clock < self.end
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if clock >= self.end else 0)
        return datetime.combine(day, self.end, self.zone).astimezone(now.tzinfo)


@dataclass(frozen=True)
class Routing:
    """`window` is how long alerts of one group are waited for before they are told together."""

    routes: tuple[Route, ...] = ()
    quiet: QuietHours | None = None
    window: timedelta = timedelta(seconds=10)

    def first(self, priority: Priority, wanted: Iterable[str] = (), without: Iterable[str] = ()) -> list[str]:
        """The channels that are told first: those that the rule names, else the first tier that listens to `priority`."""
        named, left_out = set(wanted), set(without)
        fit = [route for route in self.routes if route.name not in left_out]
        if named:
            return [route.name for route in fit if route.name in named]
        for tier in TIERS:
            found = [route.name for route in fit if route.tier is tier and priority in route.priorities]
            if found:
                return found
        return []

    def next_tier(self, level: int, priority: Priority, without: Iterable[str] = ()) -> list[str]:
        """The channels of the `level`-th tier above the first."""
        left_out = set(without)
        if level >= len(TIERS):
            return []
        tier = TIERS[level]
        return [
            route.name
            for route in self.routes
            if route.tier is tier and priority in route.priorities and route.name not in left_out
        ]

    def of(self, name: str) -> Route | None:
        return next((route for route in self.routes if route.name == name), None)
