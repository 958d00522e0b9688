"""What a duty is: how often it comes round, who does it, and what the machine can prove of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import Any


class Every(StrEnum):
    """How often: each day, each Monday, each first of a month, each first of a quarter."""

    DAY = "daily"
    WEEK = "weekly"
    MONTH = "monthly"
    QUARTER = "quarterly"


# How long after its hour it may stay open before it counts as overdue.
GRACE = {
    Every.DAY: timedelta(hours=12),
    Every.WEEK: timedelta(days=3),
    Every.MONTH: timedelta(days=7),
    Every.QUARTER: timedelta(days=14),
}


@dataclass(frozen=True)
class Proof:
    """What was seen. Not `good` means that a person must look at it and sign."""

    good: bool
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Duty:
    """One task. `look` gives the machine's proof; with `person` somebody must sign even when all looks well.

    `at` is the hour in the appliance's time zone.
    """

    name: str
    every: Every
    title: str
    what: str
    look: Callable[[Any], Proof]
    at: time = time(6, 0)
    person: bool = False
