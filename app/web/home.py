"""The first page: what needs this person now, the last import, and which promotions earned most and least."""

import json
from collections.abc import Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import render_template

from app.access.models import Principal
from app.access.signed_in import principal
from app.core.cache import cached
from app.web import home_sources as sources

blueprint = APIBlueprint("home", __name__, enable_openapi=False)
SCOPES = ("promotions", "customers", "products", "sales")
NEED_SCOPES = ("promotions", "products")


@blueprint.get("/")
def index() -> str:
    """Home."""
    who = principal()
    return render_template("home.html", home=gather(who))


def gather(who: Principal) -> dict[str, Any]:
    """Everything on the page; a role sees what it may read. `empty` before the first import, when the page teaches."""
    found: dict[str, Any] = json.loads(
        cached(SCOPES, ["home", who.role.value], lambda: json.dumps(sources.ranking(who)).encode())
    )
    recent = sources.recent_imports(who)
    return {
        **found,
        "needs": needs(who, recent),
        "last_import": recent[0] if recent else None,
        "empty": not recent and not found["any"],
    }


def needs(who: Principal, recent: Sequence[dict[str, Any]] | None = None) -> list[dict[str, str]]:
    """What waits for this person, imports first; kept apart from the ranking, because the bell asks for it much more often."""

    def load() -> bytes:
        return json.dumps([*sources.promotion_needs(who), *sources.product_needs(who)]).encode()

    shared: list[dict[str, str]] = json.loads(cached(NEED_SCOPES, ["home.needs", who.role.value], load))
    return [*sources.import_needs(sources.recent_imports(who) if recent is None else recent), *shared]
