"""Two people changed the same thing: what each changed, and what can be put together without a question; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """One field on which `theirs` (now stored) and `mine` (just sent) disagree; `was` is what was opened."""

    field: str
    was: Any
    theirs: Any
    mine: Any

    @property
    def both(self) -> bool:
        """Both changed it, so a person has to choose."""
        return self.theirs != self.was and self.mine != self.was


def merge(
    was: Mapping[str, Any], theirs: Mapping[str, Any], mine: Mapping[str, Any], fields: Sequence[str]
) -> tuple[dict[str, Any], list[Difference]]:
    """(what to offer: mine where I changed something, else theirs; every field on which the two disagree)."""
    merged: dict[str, Any] = {}
    differences = []
    for field in fields:
        opened, stored, sent = was.get(field), theirs.get(field), mine.get(field)
        merged[field] = stored if sent == opened else sent
        if stored != sent:
            differences.append(Difference(field, opened, stored, sent))
    return merged, differences
