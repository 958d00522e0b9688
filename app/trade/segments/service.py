"""Groups: asked of the AI service once per model and state of the sales, with names."""

import json
from collections.abc import Callable
from typing import Any

from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core.ai import NoModel
from app.core.i18n import _
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.answers import encode
from app.trade.products.store import nodes as products
from app.trade.sales.kept import kept
from app.trade.sales.part import asked_with_our_names, newest_day, part_of_sales
from app.trade.segments.client import SegmentsClient
from app.trade.segments.models import SegmentsAsked

_FIELDS = {"customer_ids": "customer", "product_ids": "product"}
_KEPT = ("model", "of", "weeks", "silhouette", "structure", "traits", "groups", "refused")
open_client: Callable[[], SegmentsClient] = SegmentsClient


def segments(who: Principal, asked: SegmentsAsked) -> dict[str, Any]:
    """As `models.Segments`. Raises Invalid naming the field, NoModel, NoSales, Unavailable."""
    require(who, Permission.AI_READ)
    newest_day(who, asked.source)
    part = part_of_sales([asked.customer] if asked.customer else [], [asked.product] if asked.product else [], asked.source)
    question = {**part, "of": asked.of}
    with open_client() as ai:
        model = ai.serving(asked.source.value)
        if model is None:
            raise NoModel(_("There is no model yet, so nothing can be grouped. Train one on the page Models."))

        def load() -> bytes:
            return encode(asked_with_our_names(lambda: ai.segments(question), _FIELDS))

        answer = json.loads(kept(["segments", model, question], load))
    return _named(answer)


def _named(answer: dict[str, Any]) -> dict[str, Any]:
    nodes = customers if answer["of"] == "customers" else products
    ids = {one["id"] for part in ("members", "left_out") for one in answer[part]}
    names = {key: str(node["name"]) for key, node in nodes.by_ids(ids, {"name": 1}).items()}
    groups = {group["id"]: group["name"] for group in answer["groups"]}
    members = [
        {**one, "name": names.get(one["id"]) or _("Gone"), "group_name": groups[one["group"]]} for one in answer["members"]
    ]
    return {
        **{name: answer[name] for name in _KEPT},
        "members": sorted(members, key=lambda one: (one["group"], -one["fit"], one["name"])),
        "left_out": [{**one, "name": names.get(one["id"]) or _("Gone")} for one in answer["left_out"]],
    }
