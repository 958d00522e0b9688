"""Recommendations: asked of the AI service once per model, sales and plan, with names; and made into drafts."""

import json
from collections.abc import Callable
from typing import Any

from app.access.audit.service import record
from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core.ai import NoModel
from app.core.errors import FieldError, Invalid, NotFound
from app.core.i18n import _
from app.core.mongo import Document
from app.trade.hierarchy.answers import encode
from app.trade.planning import service as planning
from app.trade.planning.taken import taken
from app.trade.products.store import nodes as products
from app.trade.promotions import service as promotions
from app.trade.recommendations import rules
from app.trade.recommendations.client import RecommendationsClient
from app.trade.recommendations.models import MOST_PRODUCTS, DraftFromProposal, RecommendationAsked
from app.trade.sales.kept import kept
from app.trade.sales.part import asked_with_our_names, newest_day, part_of_sales

ORIGIN = "recommendation"
open_client: Callable[[], RecommendationsClient] = RecommendationsClient


def recommend(who: Principal, asked: RecommendationAsked) -> dict[str, Any]:
    """Proposals as `models.Recommended`. Raises Invalid naming the field, NoModel, NoForecast, NoSales, Unavailable."""
    require(who, Permission.PROMOTIONS_READ)
    newest = newest_day(Principal.system("recommendations"), asked.source)
    part = part_of_sales(asked.customer_ids, asked.product_ids, asked.source)
    if len(part["product_ids"]) > MOST_PRODUCTS:
        text = _("{count} products are too many; choose at most {most}.", count=len(part["product_ids"]), most=MOST_PRODUCTS)
        raise Invalid(_("Choose fewer products."), [FieldError("product", text)])
    question = rules.question(asked, part, taken(who, newest, asked.rules.weeks_between))
    with open_client() as ai:
        model = ai.serving(asked.source.value)
        if model is None:
            raise NoModel(_("There is no model yet, so nothing can be recommended. Train one on the page Models."))

        def load() -> bytes:
            return encode(asked_with_our_names(lambda: ai.recommend(question), rules.FIELDS))

        answer = json.loads(kept(["recommend", model, question], load))
    named = products.by_ids(rules.product_ids(answer), {"name": 1})
    return rules.told(answer, {key: str(node["name"]) for key, node in named.items()})


def make_draft(who: Principal, wanted: DraftFromProposal) -> tuple[Document, list[str]]:
    """A draft of a proposal with what is expected of it; the same wish sent again answers the same draft.

    Raises Invalid naming the field, Conflict, Unavailable.
    """
    require(who, Permission.PROMOTIONS_WRITE)
    fresh = _is_new(who, planning.draft_id(planning.wish_of(who, wanted, ORIGIN)))
    row, warnings = planning.make_draft(who, wanted, ORIGIN)
    if fresh:
        terms = {"code": row["code"], "name": wanted.name, "customer": wanted.customer_id, "products": wanted.product_ids}
        record(who, "recommendations.accepted", "promotion", row["_id"], after=terms)
    return row, warnings


def _is_new(who: Principal, promotion_id: str) -> bool:
    try:
        promotions.get(who, promotion_id)
    except NotFound:
        return True
    return False
