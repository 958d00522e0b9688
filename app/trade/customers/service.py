"""What can be done with customers; the tree itself is kept by app.trade.hierarchy."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core.cache import Question, answered, question
from app.core.clock import iso
from app.core.mongo import Document
from app.core.paging import Page, PageRequest
from app.core.settings import settings
from app.trade.customers import store
from app.trade.customers.models import LEVELS, CustomerChange, CustomerInput, CustomerQuery
from app.trade.hierarchy.service import Tree
from app.trade.hierarchy.store import matching

tree = Tree(
    nodes=store.nodes,
    kind="customer",
    scope="customers",
    levels=LEVELS,
    sortable=store.SORTABLE,
    read=Permission.CUSTOMERS_READ,
    write=Permission.CUSTOMERS_WRITE,
)


def get(who: Principal, customer_id: str) -> Document:
    """The customer; raises NotFound."""
    return tree.get(who, customer_id)


def create(who: Principal, customer: CustomerInput) -> Document:
    """Store a new customer; raises Invalid, Conflict."""
    return tree.create(who, stored_fields(customer.model_dump(mode="json")))


def change(who: Principal, customer_id: str, change: CustomerChange) -> Document:
    """Change what was sent; raises NotFound, Stale, Conflict, Invalid."""
    fields = change.model_dump(mode="json", exclude_unset=True, exclude={"version"})
    return tree.change(who, customer_id, change.version, stored_fields(fields))


def stored_fields(fields: Mapping[str, Any]) -> Document:
    """Input fields as they are stored; a currency left out is the company's."""
    stored = dict(fields)
    if "currency" in stored:
        stored["currency"] = (stored["currency"] or settings().currency).upper()
    return stored


def page(who: Principal, where: Document, request: PageRequest, count: bool = True) -> Page:
    """One page of customers, for the pages."""
    return tree.page(who, where, request, count)


def page_question(query: CustomerQuery) -> Question:
    """What `page_json` asks the cache."""
    return question([tree.scope], ["customers.page", query.model_dump(mode="json")])


def page_json(who: Principal, query: CustomerQuery) -> bytes:
    """One page of customers as packed JSON, made once and kept until a customer changes."""
    require(who, tree.read)
    return answered(page_question(query), lambda: load_page(who, query))


def load_page(who: Principal, query: CustomerQuery) -> bytes:
    """What `page_json` keeps, from the database."""
    request = PageRequest(query.sort, query.limit, query.cursor)
    return tree.packed_page(who, where(**query.model_dump()), request, query.count, as_json)


def iterate(who: Principal, where: Document) -> Iterator[Document]:
    """Every customer of `where`, for exports."""
    return tree.iterate(who, where)


def channels(who: Principal) -> list[str]:
    """The channels in use, for the filter."""
    require(who, tree.read)
    return sorted(channel for channel in store.nodes.collection().distinct("channel") if channel)


def where(
    q: str = "",
    level: str | None = None,
    status: str | None = None,
    channel: str | None = None,
    parent_id: str | None = None,
    under: str | None = None,
    **_others: Any,
) -> Document:
    """The filter that a list asks for; empty values do not narrow."""
    wanted: Document = {
        "level": level and str(level),
        "status": status and str(status),
        "channel": channel,
        "parent_id": parent_id,
        "path": under,
    }
    found = {field: value for field, value in wanted.items() if value}
    return {**found, **matching(q, "code", "name")} if q else found


def as_json(customer: Document) -> dict[str, Any]:
    """A customer as the API gives it."""
    return {
        "id": customer["_id"],
        "code": customer["code"],
        "name": customer["name"],
        "level": customer["level"],
        "parent_id": customer.get("parent_id"),
        "path": customer["path"],
        "channel": customer.get("channel", ""),
        "status": customer["status"],
        "payment_terms": customer.get("payment_terms", ""),
        "currency": customer["currency"],
        "attributes": customer.get("attributes", {}),
        "created_at": iso(customer["created_at"]),
        "created_by": customer["created_by"],
        "updated_at": iso(customer["updated_at"]),
        "updated_by": customer["updated_by"],
        "version": customer["version"],
    }
