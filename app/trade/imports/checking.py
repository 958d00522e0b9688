"""Checking a whole file: every row through its rules, good rows staged, errors kept, totals for the preview."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import Any, BinaryIO

from app.core.clock import now
from app.core.errors import FieldError, Invalid
from app.core.i18n import _
from app.core.jobs import Progress
from app.core.mongo import Document
from app.core.settings import settings
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.rules import words
from app.trade.hierarchy.store import Nodes
from app.trade.imports import store
from app.trade.imports.findings import Findings
from app.trade.imports.landing import Comparison, Known, compare
from app.trade.imports.models import MAX_ROWS, STAGED_ROWS, Cell, Kind, Options
from app.trade.imports.node_rows import NODE_KINDS, NodeRows
from app.trade.imports.parsing import Mark, guess_date_format, guess_decimal_mark
from app.trade.imports.reading import Table, open_table
from app.trade.imports.sales_rows import Directory, SalesRows, SalesSetting
from app.trade.imports.staging import Chunk
from app.trade.imports.targets import TARGETS
from app.trade.products.store import nodes as products

SAMPLE_ROWS = 2_000
_REPORT_ROWS = 500


@dataclass
class Outcome:
    """What a check found: counts, totals for the preview, units and revenue a period."""

    counts: dict[str, int]
    totals: Document = field(default_factory=dict)
    weeks: list[Document] = field(default_factory=list)


@dataclass(frozen=True)
class Notation:
    """How the file writes numbers and dates; the two flags say whether another reading is as likely."""

    mark: Mark
    mark_certain: bool
    date_order: str | None
    date_ambiguous: bool


def sample(table: Table, limit: int = SAMPLE_ROWS) -> list[list[Cell]]:
    """The first rows."""
    return [cells for _number, cells in islice(table.rows(), limit)]


def notation(kind: Kind, mapping: dict[str, int], samples: Sequence[Sequence[Cell]], delimiter: str) -> Notation:
    """How the mapped columns write numbers and dates."""
    numbers: list[Cell] = []
    for target in TARGETS[kind]:
        if target.content in {"number", "money", "share"} and target.name in mapping:
            numbers += column(samples, mapping[target.name])
    mark, certain = guess_decimal_mark(numbers, semicolons=delimiter == ";")
    order, ambiguous = guess_date_format(column(samples, mapping["date"])) if "date" in mapping else (None, False)
    return Notation(mark, certain, order, ambiguous)


def column(samples: Sequence[Sequence[Cell]], index: int) -> list[Cell]:
    """The sample cells of one column."""
    return [row[index] if index < len(row) else None for row in samples]


def settle(kind: Kind, mapping: dict[str, int], options: Options, table: Table) -> tuple[Mark, str]:
    """The decimal mark and date order to read with; raises Invalid where a person has to choose."""
    found = notation(kind, mapping, sample(table), table.delimiter)
    mark: Mark = found.mark if options.decimal_mark == "auto" else options.decimal_mark
    if kind is not Kind.SALES:
        return mark, "ymd"
    if options.date_format != "auto":
        return mark, options.date_format
    if found.date_ambiguous:
        message = _("Dates like these can be read day first or month first. Choose which.")
        raise Invalid(message, [FieldError("options.date_format", message)])
    if found.date_order is None:
        message = _("The cells of this column are no dates or weeks. Choose another column.")
        raise Invalid(message, [FieldError("columns.date", message)])
    return mark, found.date_order


def check(document: Document, stream: BinaryIO, progress: Progress, today: date | None = None) -> Outcome:
    """Check the file of `document` with its mapping and options; stages good rows and keeps errors anew.

    Raises UnusableFile where the file breaks off, Invalid where the person has to choose something first.
    """
    import_id = document["_id"]
    store.drop_staged(import_id)
    store.drop_errors(import_id)
    table = open_table(stream, document["file_name"])
    kind, options = Kind(document["kind"]), Options.model_validate(document["options"])
    mark, order = settle(kind, document["mapping"], options, table)
    findings = Findings(lambda errors: store.keep_errors(import_id, errors))
    rows = _reported(table, stream, document["size"], progress)
    if kind is Kind.SALES:
        outcome = _check_sales(document, table, rows, options, mark, order, findings, today or now().date())
    else:
        outcome = _check_nodes(document, kind, table, rows, mark, findings)
    findings.flush()
    outcome.counts |= {
        "errors": findings.errors,
        "warnings": findings.warnings,
        "rows_with_errors": findings.rows_with_errors,
        "kept_errors": findings.kept,
    }
    return outcome


def _reported(table: Table, stream: BinaryIO, size: int, progress: Progress) -> Iterator[tuple[int, list[Cell]]]:
    """The rows, with progress by the place in the file; raises Invalid beyond the limit."""
    for count, row in enumerate(table.rows(), start=1):
        if count > MAX_ROWS:
            raise Invalid(_("The file has more than {limit} rows. Split it and import the parts.", limit=f"{MAX_ROWS:,}"))
        if count % _REPORT_ROWS == 0:
            progress.stop_if_cancelled()
            progress.report(min(stream.tell(), size), size, _("{count} rows checked", count=f"{count:,}"))
        yield row


def _check_sales(
    document: Document,
    table: Table,
    rows: Iterator[tuple[int, list[Cell]]],
    options: Options,
    mark: Mark,
    order: str,
    findings: Findings,
    today: date,
) -> Outcome:
    setting = SalesSetting(
        import_id=document["_id"],
        mapping=document["mapping"],
        header=table.header,
        options=options,
        mark=mark,
        date_order=order,
        currency=options.currency or settings().currency,
        customers=_directory(customers, None),
        products=_directory(products, "sku"),
        today=today,
    )
    checker, known = SalesRows(setting, findings), Known.facts()
    counts = {"total_rows": 0, "new": 0, "changed": 0, "unchanged": 0}
    chunk = Chunk(1)
    for number, cells in rows:
        counts["total_rows"] += 1
        fact = checker.check(number, cells)
        if fact is not None:
            chunk.add(fact)
            if len(chunk.ids) >= STAGED_ROWS:
                chunk = _stage(document["_id"], chunk, known, counts)
    if chunk.ids:
        _stage(document["_id"], chunk, known, counts)
    created = {"customers": setting.customers.created, "products": setting.products.created}
    if any(created.values()):
        store.stage(document["_id"], _created_chunk(created))
    return Outcome(
        counts | {
            "rows": checker.rows,
            "customers": len(checker.customer_ids),
            "products": len(checker.product_ids),
            "periods": len(checker.weeks),
            "negative_rows": checker.negative_rows,
            "created_customers": len(created["customers"]),
            "created_products": len(created["products"]),
        },
        _sales_totals(checker, created),
        [{"period": period, "units": float(units), "revenue": f"{revenue:f}"}
         for period, (units, revenue) in sorted(checker.weeks.items())],
    )  # fmt: skip


def _sales_totals(checker: SalesRows, created: dict[str, dict[str, str]]) -> Document:
    periods: list[datetime] = sorted(checker.weeks)
    return {
        "units": f"{checker.units:f}",
        "revenue": {currency: f"{amount:f}" for currency, amount in sorted(checker.revenue.items())},
        "from": periods[0] if periods else None,
        "to": periods[-1] if periods else None,
        "created": {name: sorted(codes)[:20] for name, codes in created.items()},
    }


def _stage(import_id: str, chunk: Chunk, known: Known, counts: dict[str, int]) -> Chunk:
    """Stage the chunk, count what it would do, and begin the next."""
    found = compare(chunk, import_id) if known.may_hold(chunk) else Comparison(new=list(range(len(chunk.ids))))
    counts["new"] += len(found.new)
    counts["changed"] += len(found.changed)
    counts["unchanged"] += found.unchanged
    store.stage(import_id, chunk)
    return Chunk(chunk.number + 1)


def _created_chunk(created: dict[str, dict[str, str]]) -> Chunk:
    """Chunk 0 holds the customers and products to create before any fact."""
    chunk = Chunk(0)
    for name, codes in created.items():
        for code, node_id in codes.items():
            chunk.add({"_id": node_id, "of": name, "code": code})
    return chunk


def _directory(nodes: Nodes, level: str | None) -> Directory:
    """Codes of a tree; nodes of other levels are named so that the message can say what they are."""
    ids: dict[str, str] = {}
    others: dict[str, str] = {}
    eans: dict[str, str] = {}
    for node in nodes.find({}, {nodes.code: 1, "level": 1, "ean": 1}):
        code = node[nodes.code]
        if level is None or node["level"] == level:
            ids[code] = node["_id"]
            if node.get("ean"):
                eans[node["ean"]] = node["_id"]
        else:
            others[code] = _("this is a {level}; sales need a {needed}", level=words(node["level"]), needed=words(level))
    return Directory({**eans, **ids}, others)


def _check_nodes(
    document: Document, kind: Kind, table: Table, rows: Iterator[tuple[int, list[Cell]]], mark: Mark, findings: Findings
) -> Outcome:
    what = NODE_KINDS[kind]
    nodes = customers if kind is Kind.CUSTOMERS else products
    existing = {node[nodes.code]: node for node in nodes.find({})}
    checker = NodeRows(what, document["mapping"], table.header, mark, existing, findings)
    total = 0
    for number, cells in rows:
        total += 1
        checker.check(number, cells)
    chunk = Chunk(1)
    for staged in checker.finish():
        chunk.add(staged)
        if len(chunk.ids) >= STAGED_ROWS:
            store.stage(document["_id"], chunk)
            chunk = Chunk(chunk.number + 1)
    if chunk.ids:
        store.stage(document["_id"], chunk)
    counts: dict[str, Any] = {
        "total_rows": total,
        "rows": checker.created + checker.changed + checker.unchanged,
        "new": checker.created,
        "changed": checker.changed,
        "unchanged": checker.unchanged,
    }
    return Outcome(counts)
