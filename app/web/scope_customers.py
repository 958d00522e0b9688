"""The customers that the scope menu offers, asked for only when the menu opens, and the name of the chosen one."""

import json

from apiflask import APIBlueprint
from flask import g, render_template_string

from app.access.models import Permission
from app.access.permissions import allowed
from app.access.signed_in import may
from app.core.cache import cached
from app.core.errors import NotFound
from app.core.i18n import _
from app.core.paging import PageRequest
from app.trade.customers import service as customers

blueprint = APIBlueprint("scope", __name__, enable_openapi=False)
OFFERED = 300


@blueprint.get("/scope/customers")
def options() -> str:
    """`<option>` elements for the scope menu's select: groups of stores first, then stores."""
    who = may(Permission.CUSTOMERS_READ)

    def load() -> bytes:
        found = customers.page(who, {"status": "active"}, PageRequest("name", OFFERED), count=False).items
        found.sort(key=lambda customer: (customer["level"] == "store", customer["name"]))
        return json.dumps([(customer["_id"], customer["name"]) for customer in found]).encode()

    choices = json.loads(cached(["customers"], ["scope.customers"], load))
    return render_template_string(
        '<option value="">{{ any }}</option>{% for id, name in choices %}<option value="{{ id }}"'
        "{% if id == scope.customer %} selected{% endif %}>{{ name }}</option>{% endfor %}",
        any=_("All customers"),
        choices=choices,
    )


def customer_name(customer_id: str) -> str:
    """The name for the top bar; the id of a customer that is gone or hidden says so itself."""
    who = g.get("principal")
    if who is None or not allowed(who, Permission.CUSTOMERS_READ):
        return ""

    def load() -> bytes:
        try:
            return str(customers.get(who, customer_id)["name"]).encode()
        except NotFound:
            return _("a customer that is gone").encode()

    return cached(["customers"], ["scope.customer", customer_id], load).decode()
