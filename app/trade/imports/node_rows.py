"""Checking a file of customers or products: every row becomes a new node or a change of one, and the tree must stay a tree."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128
from pydantic import BaseModel, ValidationError

from app.core.i18n import _
from app.core.ids import new_id
from app.core.mongo import Document
from app.trade.customers.models import LEVELS as CUSTOMER_LEVELS
from app.trade.customers.models import CustomerInput
from app.trade.customers.service import stored_fields as customer_fields
from app.trade.hierarchy.rules import words
from app.trade.imports.findings import Findings
from app.trade.imports.models import Cell, Kind
from app.trade.imports.parsing import Mark, parse_number, parse_text
from app.trade.imports.targets import ATTRIBUTE, TARGETS
from app.trade.products.models import LEVELS as PRODUCT_LEVELS
from app.trade.products.models import ProductInput
from app.trade.products.service import stored_fields as product_fields

MAX_NODES = 50_000
_ACTIVE = {"1": "active", "true": "active", "yes": "active", "y": "active", "aktiv": "active",
           "0": "inactive", "false": "inactive", "no": "inactive", "n": "inactive", "inaktiv": "inactive"}  # fmt: skip


@dataclass(frozen=True)
class NodeKind:
    """What differs between customers and products."""

    kind: Kind
    code: str
    prefix: str
    levels: Sequence[str]
    lowest: str
    inactive: str
    model: type[BaseModel]
    stored_fields: Callable[[Mapping[str, Any]], Document]


NODE_KINDS = {
    Kind.CUSTOMERS: NodeKind(
        Kind.CUSTOMERS, "code", "customer", CUSTOMER_LEVELS, "store", "inactive", CustomerInput, customer_fields
    ),
    Kind.PRODUCTS: NodeKind(Kind.PRODUCTS, "sku", "product", PRODUCT_LEVELS, "sku", "delisted", ProductInput, product_fields),
}


@dataclass
class _Row:
    number: int
    code: str
    node_id: str
    fields: Document
    given: set[str]
    parent_code: str | None
    existing: Document | None
    bad: bool = False

    def level(self) -> str:
        return str(self.fields["level"])


class NodeRows:
    """Reads all rows first, because a parent may come after its child; then `finish()` gives what is to be stored."""

    def __init__(
        self,
        what: NodeKind,
        mapping: Mapping[str, int],
        header: Sequence[str],
        mark: Mark,
        existing: Mapping[str, Document],
        findings: Findings,
    ) -> None:
        self._what, self._mapping, self._header, self._mark = what, mapping, header, mark
        self._existing, self._findings = existing, findings
        self._rows: dict[str, _Row] = {}
        self._contents = {target.name: target.content for target in TARGETS[what.kind]}
        self._attributes = {
            index: name[len(ATTRIBUTE) :]
            for index, name in enumerate(header)
            if what.kind is Kind.CUSTOMERS and name.startswith(ATTRIBUTE) and index not in mapping.values()
        }
        self.created = self.changed = self.unchanged = 0

    def check(self, number: int, cells: Sequence[Cell]) -> None:
        """Read row `number`."""
        before = self._findings.errors
        values = self._values(number, cells)
        code = values.pop(self._what.code, None)
        if not code:
            if self._findings.errors == before:
                self._error(number, self._what.code, "", _("empty; every row needs one"))
            return
        if code in self._rows:
            self._error(number, self._what.code, code, _("repeats row {row}", row=self._rows[code].number))
            return
        if len(self._rows) >= MAX_NODES:
            self._error(number, self._what.code, code, _("more than {limit} rows; split the file", limit=MAX_NODES))
            return
        row = self._row(number, str(code), values)
        row.bad = self._findings.errors != before
        self._rows[row.code] = row

    def finish(self) -> Iterable[Document]:
        """{_id, before_version (0 for new ones), fields} of every row that adds or changes something, parents first."""
        for row in self._rows.values():
            self._set_parent(row)
        self._refuse_bad_levels()
        order = {level: place for place, level in enumerate(self._what.levels)}
        for row in sorted(self._rows.values(), key=lambda one: (order.get(one.level(), 0), one.number)):
            if row.bad:
                continue
            changes = row.fields
            if row.existing is not None:
                changes = {name: value for name, value in changes.items() if not _same(row.existing.get(name), value)}
            if not changes:
                self.unchanged += 1
                continue
            self.created += row.existing is None
            self.changed += row.existing is not None
            yield {
                "_id": row.node_id,
                "code": row.code,
                "before_version": row.existing["version"] if row.existing else 0,
                "fields": changes,
            }

    def _values(self, number: int, cells: Sequence[Cell]) -> dict[str, Any]:
        """Field -> value of every filled cell; an empty cell says nothing, so it changes nothing."""
        values: dict[str, Any] = {}
        for name, index in self._mapping.items():
            cell = cells[index] if index < len(cells) else None
            try:
                if self._contents[name] in {"number", "money"}:
                    value: Any = parse_number(cell, self._mark)
                else:
                    value = parse_text(cell) or None
            except ValueError as error:
                self._error(number, name, cell, str(error))
                continue
            if value is not None:
                values[name] = value
        attributes = {name: _attribute(cells[index]) for index, name in self._attributes.items() if index < len(cells)}
        attributes = {name: value for name, value in attributes.items() if value is not None}
        if attributes:
            values["attributes"] = attributes
        return values

    def _row(self, number: int, code: str, values: dict[str, Any]) -> _Row:
        what, existing = self._what, self._existing.get(code)
        parent_code = values.pop("parent", None)
        if "level" in values:
            values["level"] = values["level"].lower().replace("-", "_").replace(" ", "_")
        if "status" in values:
            status = _ACTIVE.get(values["status"].lower(), values["status"].lower())
            values["status"] = what.inactive if status == "inactive" else status
        if existing is None:
            values = {"name": code, "level": what.lowest, **values}
        elif "attributes" in values:
            values["attributes"] = {**existing.get("attributes", {}), **values["attributes"]}
        checked = self._checked(number, code, values)
        given = set(values)
        fields = checked if existing is None else {name: value for name, value in checked.items() if name in given}
        fields.setdefault("level", existing["level"] if existing else what.lowest)
        node_id = existing["_id"] if existing else new_id(what.prefix)
        return _Row(number, code, node_id, fields, given, parent_code, existing)

    def _checked(self, number: int, code: str, values: dict[str, Any]) -> Document:
        """The values through the same model that the API uses, so that an import cannot store what a form refuses."""
        try:
            model = self._what.model.model_validate({"name": code, **values, self._what.code: code})
        except ValidationError as error:
            for problem in error.errors():
                name = str(problem["loc"][0]) if problem["loc"] else ""
                self._error(number, name, values.get(name, code), _message(name, problem["msg"], self._what))
            return {}
        stored = self._what.stored_fields(model.model_dump(mode="json" if self._what.kind is Kind.CUSTOMERS else "python"))
        stored.pop("parent_id", None)
        return stored

    def _set_parent(self, row: _Row) -> None:
        if row.parent_code is None:
            if row.existing is None:
                row.fields["parent_id"] = None
            return
        if row.parent_code == row.code:
            self._error(row.number, "parent", row.parent_code, _("a node cannot be its own parent"))
            row.bad = True
            return
        in_file, stored = self._rows.get(row.parent_code), self._existing.get(row.parent_code)
        if in_file is not None and in_file.bad:
            self._error(row.number, "parent", row.parent_code, _("the parent's own row {row} has an error", row=in_file.number))
            row.bad = True
        elif in_file is not None:
            row.fields["parent_id"] = in_file.node_id
        elif stored is not None:
            row.fields["parent_id"] = stored["_id"]
        else:
            self._error(row.number, "parent", row.parent_code, _("unknown; neither stored nor in this file"))
            row.bad = True

    def _refuse_bad_levels(self) -> None:
        """Every node needs a parent from a level above it, over what is stored and what the file says together."""
        final = {node["_id"]: (node["level"], node.get("parent_id"), node["name"]) for node in self._existing.values()}
        owners: dict[str, _Row] = {}
        for row in self._rows.values():
            if not row.bad:
                stored = row.existing or {}
                parent = row.fields.get("parent_id", stored.get("parent_id"))
                final[row.node_id] = (row.level(), parent, row.fields.get("name", stored.get("name", row.code)))
                owners[row.node_id] = row
        place = {level: index for index, level in enumerate(self._what.levels)}
        for node_id, (level, parent_id, name) in final.items():
            if parent_id is None or parent_id not in final:
                continue
            parent_level, _grandparent, parent_name = final[parent_id]
            if place.get(parent_level, 0) < place.get(level, 0):
                continue
            guilty = owners.get(node_id) or owners.get(parent_id)
            if guilty is None:
                continue
            message = _("{name} ({level}) cannot stand below {parent} ({parent_level})",
                        name=name, level=words(level), parent=parent_name, parent_level=words(parent_level))  # fmt: skip
            self._error(guilty.number, "parent", guilty.parent_code or guilty.code, message)
            guilty.bad = True

    def _error(self, number: int, target: str, value: Any, message: str) -> None:
        index = self._mapping.get(target)
        self._findings.add(number, self._header[index] if index is not None else target, value, message)


def _message(field: str, message: str, what: NodeKind) -> str:
    if field == "level":
        return _("one of {levels} is needed", levels=", ".join(what.levels))
    if field == "status":
        return _("active or {inactive} is needed", inactive=what.inactive)
    return message


def _attribute(cell: Cell) -> str | float | None:
    try:
        number = parse_number(cell, ".")
    except ValueError:
        try:
            return parse_text(cell)[:200] or None
        except ValueError:
            return None
    return None if number is None else float(number)


def _same(stored: Any, new: Any) -> bool:
    if isinstance(stored, Decimal128) and isinstance(new, Decimal128):
        return bool(stored.to_decimal() == new.to_decimal())
    if isinstance(stored, Decimal128) and isinstance(new, Decimal):
        return bool(stored.to_decimal() == new)
    return bool(stored == new)
