"""What the import pages show, prepared: the mapping form, the preview, the file of row errors, templates to fill."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import Response

from app.access.models import Principal
from app.core.i18n import N_, _
from app.core.mongo import Document
from app.core.paging import PageRequest
from app.trade.imports import service
from app.trade.imports.models import Kind
from app.trade.imports.parsing import DATE_WORDS
from app.trade.imports.reading.table import letters
from app.trade.imports.targets import TARGETS, Target
from app.web.chart import Chart, lines_chart
from app.web.export import export_response
from app.web.table import Column

_SHORTEST_CHART = 4

KIND_WORDS = {Kind.SALES: N_("Sales"), Kind.CUSTOMERS: N_("Customers"), Kind.PRODUCTS: N_("Products")}

ERROR_COLUMNS = (
    Column("row", N_("Row"), kind="number"),
    Column("column", N_("Column")),
    Column("value", N_("Value")),
    Column("message", N_("What to correct")),
    Column("kind", N_("Kind")),
)


@dataclass(frozen=True)
class FieldChoice:
    """One line of the mapping form: the field, the column chosen for it, and what that column holds."""

    target: Target
    column: int | None
    samples: list[str]


def field_choices(document: Document, mapping: dict[str, int] | None = None) -> list[FieldChoice]:
    """The mapping form's lines in the order of the fields."""
    chosen = document["mapping"] if mapping is None else mapping
    return [
        FieldChoice(target, chosen.get(target.name), samples_of(document, chosen.get(target.name)))
        for target in TARGETS[Kind(document["kind"])]
    ]


def field_labels(kind: Kind) -> dict[str, str]:
    """What the form's fields are called, for its list of errors."""
    options = {"date_format": _("Dates"), "decimal_mark": _("Numbers"), "currency": _("Currency")}
    return {**options, **{f"column.{target.name}": _(target.label) for target in TARGETS[kind]}}


def samples_of(document: Document, column: int | None) -> list[str]:
    """The first values of a column."""
    if column is None:
        return []
    return [row[column] for row in document["samples"] if column < len(row) and row[column]][:3]


def column_options(document: Document) -> list[tuple[str, str]]:
    """Every column for a choice: its letter and header."""
    return [(str(index), f"{letters(index)} · {name}") for index, name in enumerate(document["header"])]


def unused_columns(document: Document, mapping: dict[str, int]) -> list[str]:
    """Headers that no field uses."""
    return [name for index, name in enumerate(document["header"]) if index not in mapping.values()]


def date_options(found: Document) -> list[tuple[str, str]]:
    """Date formats for a choice; the first says what was found."""
    order = found.get("date_format")
    if found.get("date_ambiguous"):
        first = _("Choose: day or month first?")
    elif order:
        first = _("As found: {example}", example=DATE_WORDS[order])
    else:
        first = _("Find out")
    words = {
        "ymd": _("Year, month, day: {example}"),
        "dmy": _("Day first: {example}"),
        "mdy": _("Month first: {example}"),
        "iso_week": _("Week: {example}"),
        "excel": _("Excel day number: {example}"),
    }
    return [("auto", first), *((name, text.format(example=DATE_WORDS[name])) for name, text in words.items())]


def mark_options(found: Document) -> list[tuple[str, str]]:
    """Decimal marks for a choice; the first says what was found."""
    example = "1,234.50" if found.get("decimal_mark", ".") == "." else "1.234,50"
    return [("auto", _("As found: {example}", example=example)), (".", _("Point: 1,234.50")), (",", _("Comma: 1.234,50"))]


def preview_chart(document: Document) -> Chart | None:
    """Units and revenue of the file by week, so that a missing or doubled week is seen before it lands."""
    weeks = document.get("weeks") or []
    if len(weeks) < _SHORTEST_CHART:
        return None
    series: list[dict[str, Any]] = [
        {"name": _("Units"), "values": [week["units"] for week in weeks], "bar": True},
        {"name": _("Net revenue"), "values": [week["revenue"] for week in weeks], "axis": "right"},
    ]
    return lines_chart("preview", x=[week["period"] for week in weeks], series=series, unit=_("units"))


def error_file(who: Principal, import_id: str) -> Response:
    """All kept row errors as CSV."""
    document = service.get(who, import_id)
    rows = ({**one, "kind": _("warning") if one["warning"] else _("error")} for one in service.all_errors(who, import_id))
    return export_response("csv", f"errors of {safe_name(document['file_name'])}", ERROR_COLUMNS, rows)


def safe_name(name: str) -> str:
    """A file name without anything a header or a shell would trip over."""
    stem = name.rsplit(".", 1)[0]
    return "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_ ") else "_" for letter in stem)[:80]


def first_errors(who: Principal, import_id: str, warnings: bool, cursor: str | None = None, limit: int = 20) -> Any:
    """A page of row errors for the preview."""
    return service.errors(who, import_id, PageRequest("row", limit, cursor), warnings)


def example_rows(kind: Kind) -> tuple[list[str], Iterable[list[str]]]:
    """Header and rows of the file that a person can download and fill."""
    rows = {
        Kind.SALES: {
            "customer": ["STORE-1", "STORE-1"], "sku": ["SKU-1", "SKU-2"], "date": ["2024-01-01", "2024-01-01"],
            "units": ["120", "48"], "net_revenue": ["298.80", "95.52"], "price_paid": ["2.49", "1.99"],
            "price_regular": ["2.49", "2.49"], "unit_acquisition_cost": ["1.80", "1.60"], "deal": ["0", "1"],
            "feature": ["0", "1"], "display": ["0", "0"], "source": ["pos", "pos"], "currency": ["USD", "USD"],
        },
        Kind.CUSTOMERS: {
            "code": ["CHAIN", "STORE-1"], "name": ["Example chain", "Example chain, High Street"], "level": ["national", "store"],
            "parent": ["", "CHAIN"], "channel": ["grocery", "grocery"], "payment_terms": ["30 days net", ""],
            "status": ["active", "active"], "currency": ["USD", "USD"],
        },
        Kind.PRODUCTS: {
            "sku": ["BRAND", "SKU-1"], "name": ["Example brand", "Example juice 64 oz"], "level": ["brand", "sku"],
            "parent": ["", "BRAND"], "pack_size": ["", "64"], "pack_unit": ["", "oz"], "unit_cost": ["", "1.10"],
            "unit_cost_basis": ["", "measured"], "list_price": ["", "1.80"], "status": ["active", "active"],
            "currency": ["USD", "USD"],
        },
    }[kind]  # fmt: skip
    names = [target.name for target in TARGETS[kind]]
    return names, [[rows.get(name, ["", ""])[index] for name in names] for index in range(2)]
