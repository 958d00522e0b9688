"""What home asks of the subjects, in home's words, so that a subject may change without the page knowing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.access.models import Principal


@dataclass(frozen=True)
class Need:
    """One thing that waits for this person; `action` says what the link does."""

    icon: str
    text: str
    why: str
    action: str
    href: str


@dataclass(frozen=True)
class Figure:
    """One tile."""

    label: str
    value: str
    hint: str = ""
    tone: str = ""
    href: str = ""


@dataclass(frozen=True)
class Ranked:
    """A promotion in a ranking by return."""

    name: str
    note: str
    roi: Any
    href: str


@dataclass(frozen=True)
class Ranking:
    """The promotions as a whole and the ends of their ranking."""

    promotions: int = 0
    analysed: int = 0
    top: list[Ranked] = field(default_factory=list)
    worst: list[Ranked] = field(default_factory=list)


@dataclass(frozen=True)
class RecentImport:
    """An import as home shows it."""

    id: str
    name: str
    status: str
    rows: int | None
    at: datetime


def recent_imports(who: Principal) -> list[Any]:
    """The newest imports, newest first."""
    return []


def ranked_promotions(who: Principal) -> Ranking:
    """The ends of the ranking by manufacturer ROI."""
    return Ranking()


def import_needs(imports: Sequence[RecentImport]) -> list[Need]:
    return []


def promotion_needs(ranking: Ranking) -> list[Need]:
    return []


def figures(ranking: Ranking) -> list[Figure]:
    return []
