"""The reconciler: recomputes from the facts what every import must have left in the data, and names each difference.

An import says how many facts it inserted and replaced, and what they add up to; every fact names the import its values came
with; what a later import replaced is kept. So the books and the facts can be held against each other, import by import.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.core.i18n import N_, _
from app.trade.imports import store
from app.trade.imports.models import Kind, Status
from app.trade.imports.rules import touched_data
from app.trade.sales import store as sales
from app.trade.sales.models import ImportSums

_NAMED = 10
_LEAST = Decimal("0.005")  # of money: less is no cent
_UNITS = Decimal("0.001")  # units may be floats


@dataclass(frozen=True)
class Booked:
    """What an import says of itself: facts inserted and replaced, rows checked, their units and revenue by currency."""

    id: str
    file_name: str
    inserted: int
    replaced: int
    rows: int
    units: Decimal = Decimal(0)
    revenue: Mapping[str, Decimal] = field(default_factory=dict)


def differences(booked: Sequence[Booked], present: Mapping[str, ImportSums], taken: Mapping[str, int]) -> list[str]:
    """A sentence for each import whose facts are not what it says. Pure.

    `present` are the facts now by import, `taken` how many facts of an import later ones replaced.
    """
    found = []
    for one in booked:
        expected = one.inserted + one.replaced - taken.get(one.id, 0)
        there = present.get(one.id, ImportSums())
        if there.facts != expected:
            text = N_("{file}: {there} facts are in the data, {expected} should be")
            found.append(_(text, file=one.file_name, there=f"{there.facts:,}", expected=f"{expected:,}"))
        elif _is_whole(one, taken):
            found += _sums(one, there)
    strangers = present.keys() - {one.id for one in booked}
    found += [
        _("{count} facts name the import {id}, which did not land", count=f"{present[name].facts:,}", id=name)
        for name in sorted(strangers)
    ]
    return found


def _is_whole(one: Booked, taken: Mapping[str, int]) -> bool:
    """Whether its facts are exactly the rows that were added up when it was checked."""
    return one.inserted == one.rows and not one.replaced and not taken.get(one.id)


def _sums(one: Booked, there: ImportSums) -> Iterable[str]:
    if abs(there.units - one.units) >= max(_UNITS, abs(one.units) / 10**9):
        yield _("{file}: {there} units, {expected} were imported", file=one.file_name, there=there.units, expected=one.units)
    for currency in sorted({*one.revenue, *there.revenue}):
        expected, found = one.revenue.get(currency, Decimal(0)), there.revenue.get(currency, Decimal(0))
        if abs(found - expected) >= _LEAST:
            text = N_("{file}: revenue of {there} {currency}, {expected} was imported")
            yield _(text, file=one.file_name, there=found, expected=expected, currency=currency)


def reconcile() -> dict[str, Any]:
    """Every sales import against the facts: how many of each, and the first differences in words.

    `busy` names an import that is at work or was interrupted: until it is over nothing can be said.
    """
    documents = [one for one in store.find({"kind": Kind.SALES.value}) if touched_data(one)]
    unsettled = next((one["file_name"] for one in documents if one["status"] != Status.LANDED.value), None)
    if unsettled is not None:
        return {"busy": unsettled, "imports": 0, "facts": 0, "differences": [], "count": 0}
    present = sales.by_import()
    taken = Counter(store.replaced_origins(one["_id"] for one in documents))
    found = differences([_booked(one) for one in documents], present, taken)
    facts = sum(one.facts for one in present.values())
    return {"busy": None, "imports": len(documents), "facts": facts, "differences": found[:_NAMED], "count": len(found)}


def _booked(document: Mapping[str, Any]) -> Booked:
    landed, totals = document.get("landed", {}), document.get("totals", {})
    return Booked(
        document["_id"],
        document["file_name"],
        landed.get("inserted", 0),
        landed.get("replaced", 0),
        document.get("counts", {}).get("rows", 0),
        Decimal(totals.get("units", "0")),
        {currency: Decimal(amount) for currency, amount in totals.get("revenue", {}).items()},
    )
