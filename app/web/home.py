"""The first page: what needs this person now, the last import, and which promotions earned most and least."""

import json
from typing import Any

from apiflask import APIBlueprint
from flask import render_template

from app.access.models import Principal
from app.access.signed_in import principal
from app.core.cache import cached
from app.web import home_sources as sources

blueprint = APIBlueprint("home", __name__, enable_openapi=False)
SCOPES = ("promotions", "customers", "products", "sales")


@blueprint.get("/")
def index() -> str:
    """Home."""
    who = principal()
    return render_template("home.html", home=gather(who))


def gather(who: Principal) -> dict[str, Any]:
    """Everything on the page; a role sees what it may read. `empty` before the first import, when the page teaches."""

    def load() -> bytes:
        ranking = sources.ranking(who)
        return json.dumps({**ranking, "needs": [*ranking["needs"], *sources.product_needs(who)]}).encode()

    found: dict[str, Any] = json.loads(cached(SCOPES, ["home", who.role.value], load))
    recent = sources.recent_imports(who)
    return {
        **found,
        "needs": [*sources.import_needs(recent), *found["needs"]],
        "last_import": recent[0] if recent else None,
        "empty": not recent and not found["any"],
    }
