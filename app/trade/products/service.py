"""What can be done with products; the tree itself is kept by app.trade.hierarchy."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core.cache import Question, answered, question
from app.core.clock import iso
from app.core.mongo import Document
from app.core.paging import Page, PageRequest
from app.core.settings import settings
from app.trade.hierarchy.service import Tree
from app.trade.hierarchy.store import matching
from app.trade.products import store
from app.trade.products.models import LEVELS, ProductChange, ProductInput, ProductQuery

DECIMALS = ("unit_cost", "list_price", "pack_size")

tree = Tree(
    nodes=store.nodes,
    kind="product",
    scope="products",
    levels=LEVELS,
    sortable=store.SORTABLE,
    read=Permission.PRODUCTS_READ,
    write=Permission.PRODUCTS_WRITE,
)


def get(who: Principal, product_id: str) -> Document:
    """The product; raises NotFound."""
    return tree.get(who, product_id)


def create(who: Principal, product: ProductInput) -> Document:
    """Store a new product; raises Invalid, Conflict."""
    return tree.create(who, stored_fields(product.model_dump(mode="python")))


def change(who: Principal, product_id: str, change: ProductChange) -> Document:
    """Change what was sent; raises NotFound, Stale, Conflict, Invalid."""
    fields = change.model_dump(mode="python", exclude_unset=True, exclude={"version"})
    return tree.change(who, product_id, change.version, stored_fields(fields))


def stored_fields(fields: Mapping[str, Any]) -> Document:
    """Input fields as they are stored: exact decimals; a currency left out is the company's; a cost has a basis."""
    stored: Document = {}
    for name, value in fields.items():
        if isinstance(value, Decimal):
            stored[name] = Decimal128(value)
        else:
            stored[name] = str(value.value) if hasattr(value, "value") else value
    if "currency" in stored:
        stored["currency"] = (stored["currency"] or settings().currency).upper()
    if stored.get("unit_cost") is not None and stored.get("unit_cost_basis", "absent") is None:
        stored["unit_cost_basis"] = "measured"
    return stored


def page(who: Principal, where: Document, request: PageRequest, count: bool = True) -> Page:
    """One page of products, for the pages."""
    return tree.page(who, where, request, count)


def page_question(query: ProductQuery) -> Question:
    """What `page_json` asks the cache."""
    return question([tree.scope], ["products.page", query.model_dump(mode="json")])


def page_json(who: Principal, query: ProductQuery) -> bytes:
    """One page of products as packed JSON, made once and kept until a product changes."""
    require(who, tree.read)
    return answered(page_question(query), lambda: load_page(who, query))


def load_page(who: Principal, query: ProductQuery) -> bytes:
    """What `page_json` keeps, from the database."""
    request = PageRequest(query.sort, query.limit, query.cursor)
    return tree.packed_page(who, where(**query.model_dump()), request, query.count, as_json)


def iterate(who: Principal, where: Document) -> Iterator[Document]:
    """Every product of `where`, for exports."""
    return tree.iterate(who, where)


def where(
    q: str = "",
    level: str | None = None,
    status: str | None = None,
    parent_id: str | None = None,
    under: str | None = None,
    **_others: Any,
) -> Document:
    """The filter that a list asks for; empty values do not narrow."""
    wanted: Document = {"level": level and str(level), "status": status and str(status), "parent_id": parent_id, "path": under}
    found = {field: value for field, value in wanted.items() if value}
    return {**found, **matching(q, "sku", "name", "ean")} if q else found


def as_json(product: Document) -> dict[str, Any]:
    """A product as the API gives it; money as text."""
    return {
        "id": product["_id"],
        "sku": product["sku"],
        "ean": product.get("ean", ""),
        "name": product["name"],
        "level": product["level"],
        "parent_id": product.get("parent_id"),
        "path": product["path"],
        "pack_size": _text(product.get("pack_size")),
        "pack_unit": product.get("pack_unit", ""),
        "unit_cost": _text(product.get("unit_cost")),
        "unit_cost_basis": product.get("unit_cost_basis"),
        "list_price": _text(product.get("list_price")),
        "currency": product["currency"],
        "status": product["status"],
        "created_at": iso(product["created_at"]),
        "created_by": product["created_by"],
        "updated_at": iso(product["updated_at"]),
        "updated_by": product["updated_by"],
        "version": product["version"],
    }


def _text(value: Decimal128 | None) -> str | None:
    return None if value is None else f"{value.to_decimal():f}"
