"""Decisions about imports as pure functions: which state may follow, which mapping is complete, which facts are equal."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from app.core.errors import FieldError
from app.core.i18n import _
from app.trade.imports.models import Kind, Status
from app.trade.imports.targets import TARGETS

S = Status

NEXT: dict[Status, frozenset[Status]] = {
    S.MAPPING: frozenset({S.VALIDATING, S.DISCARDED, S.FAILED}),
    S.VALIDATING: frozenset({S.VALIDATED, S.MAPPING, S.FAILED, S.DISCARDED}),
    S.VALIDATED: frozenset({S.LANDING, S.VALIDATING, S.MAPPING, S.DISCARDED}),
    S.LANDING: frozenset({S.LANDED, S.FAILED, S.VALIDATED}),
    S.LANDED: frozenset({S.REVERTING}),
    S.FAILED: frozenset({S.MAPPING, S.VALIDATING, S.LANDING, S.REVERTING, S.DISCARDED}),
    S.REVERTING: frozenset({S.REVERTED, S.FAILED, S.LANDED}),
    S.REVERTED: frozenset(),
    S.DISCARDED: frozenset(),
}

BUSINESS_FIELDS = (
    "units", "net_revenue", "gross_revenue", "price_paid", "price_regular", "unit_acquisition_cost",
    "deal", "feature", "display", "currency", "grain",
)  # fmt: skip


def may_follow(status: Status, following: Status) -> bool:
    """Whether an import in `status` may go to `following`."""
    return following in NEXT[status]


def touched_data(document: Mapping[str, Any]) -> bool:
    """Whether rows of this import may be in the data: it landed, or was interrupted while landing or being taken back."""
    status = Status(document["status"])
    return status in {S.LANDING, S.LANDED, S.REVERTING} or (
        status is S.FAILED and document.get("failed_while") in {S.LANDING.value, S.REVERTING.value}
    )


def mapping_errors(kind: Kind, columns: Mapping[str, int], width: int) -> list[FieldError]:
    """What is wrong with a mapping of a file with `width` columns; empty when it can be used."""
    errors = []
    known = {target.name for target in TARGETS[kind]}
    for name, index in columns.items():
        if name not in known:
            errors.append(FieldError(f"columns.{name}", _("There is no field of this name.")))
        elif not 0 <= index < width:
            errors.append(FieldError(f"columns.{name}", _("The file has no such column.")))
    for target in TARGETS[kind]:
        if target.required and target.name not in columns:
            errors.append(FieldError(f"columns.{target.name}", _("Choose the column with: {field}.", field=_(target.label))))
    if kind is Kind.SALES and not {"net_revenue", "gross_revenue", "price_paid"} & set(columns):
        errors.append(
            FieldError("columns.net_revenue", _("Choose a column with net revenue, gross revenue or price paid; one is enough."))
        )
    used: dict[int, str] = {}
    for name, index in columns.items():
        if index in used:
            errors.append(FieldError(f"columns.{name}", _("This column is already used for another field.")))
        used[index] = name
    return errors


def same_fact(stored: Mapping[str, Any], staged: Mapping[str, Any], fields: Sequence[str] = BUSINESS_FIELDS) -> bool:
    """Whether both say the same; exact amounts are compared by value (3.87 and 3.8700 are the same)."""
    return all(comparable(stored.get(field)) == comparable(staged.get(field)) for field in fields)


def comparable(value: Any) -> Any:
    """Decimal128 as Decimal, which compares by value."""
    return value.to_decimal() if isinstance(value, Decimal128) else value


def safe_cell(value: str) -> str:
    """Text that a spreadsheet will not take for a formula."""
    return "'" + value if value.startswith(("=", "+", "-", "@", "\t", "\r")) and not _is_number(value) else value


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except ArithmeticError:
        return False
