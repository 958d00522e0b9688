"""Search for anything: customers, products, promotions; a page for people, JSON for the palette on Ctrl-K."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import Response, jsonify, make_response, render_template, request

from app.access.models import Permission, Principal
from app.access.permissions import allowed
from app.access.signed_in import principal
from app.core.i18n import N_, _
from app.core.mongo import Document
from app.core.paging import PageRequest
from app.trade.customers import service as customers
from app.trade.products import service as products
from app.trade.promotions import service as promotions
from app.web.formatting import window
from app.web.statuses import status_of

blueprint = APIBlueprint("search", __name__, enable_openapi=False)
SHOWN = 6
MIN_LENGTH = 2


@dataclass(frozen=True)
class Source:
    """One subject that can be searched: `find(who, text, limit)` gives documents, `item` title and note of one."""

    title: str
    path: str
    permission: Permission
    find: Callable[[Principal, str, int], list[Document]]
    item: Callable[[Document], tuple[str, str]]


def _customers(who: Principal, text: str, limit: int) -> list[Document]:
    return customers.page(who, customers.where(q=text), PageRequest("name", limit), count=False).items


def _products(who: Principal, text: str, limit: int) -> list[Document]:
    return products.page(who, products.where(q=text), PageRequest("name", limit), count=False).items


def _named(code_field: str) -> Callable[[Document], tuple[str, str]]:
    return lambda found: (str(found["name"]), f"{found.get(code_field, '')} · {status_of(str(found['level'])).label}")


def _promotion(found: Document) -> tuple[str, str]:
    return str(found["name"]), f"{found['customer_name'] or ''} · {window(found['start'], found['end'])}".strip(" ·")


SOURCES = [
    Source(N_("Customers"), "/customers", Permission.CUSTOMERS_READ, _customers, _named("code")),
    Source(N_("Products"), "/products", Permission.PRODUCTS_READ, _products, _named("sku")),
    Source(N_("Promotions"), "/promotions", Permission.PROMOTIONS_READ, promotions.find, _promotion),
]


@blueprint.get("/search")
def search() -> Response:
    """Groups of what was found; `Accept: application/json` answers the palette."""
    text = request.args.get("q", "").strip()[:100]
    as_json = request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    groups = find(principal(), text, SHOWN if as_json else 50)
    if as_json:
        answer = jsonify({"groups": groups})
        answer.headers["Cache-Control"] = "no-store"
        return answer
    return make_response(render_template("search.html", q=text, groups=groups, too_short=len(text) < MIN_LENGTH))


def find(who: Principal, text: str, limit: int) -> list[dict[str, Any]]:
    """`[{title, href, items: [{title, note, href}]}]` of the subjects this person may read, without empty groups."""
    if len(text) < MIN_LENGTH:
        return []
    groups = []
    for source in SOURCES:
        if not allowed(who, source.permission):
            continue
        items = []
        for document in source.find(who, text, limit):
            title, note = source.item(document)
            items.append({"title": title, "note": note, "href": f"{source.path}/{document['_id']}"})
        if items:
            groups.append({"title": _(source.title), "href": source.path, "items": items})
    return groups
