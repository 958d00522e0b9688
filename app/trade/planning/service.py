"""What-if and price response: permission, rules, the AI service, and drafts that keep what was expected."""

import base64
import hashlib
import json
from datetime import date
from typing import Any

from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core.cache import cached
from app.core.clock import now
from app.core.errors import FieldError, Invalid
from app.core.i18n import _
from app.core.money import to_decimal128
from app.core.mongo import Document
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.answers import encode
from app.trade.planning import client, rules
from app.trade.planning.models import DraftFromWhatIf, Mechanics, ResponseQuery, WhatIf
from app.trade.products.store import nodes as products
from app.trade.promotions import service as promotions
from app.trade.promotions.analysis import exact_side, skus_of
from app.trade.promotions.models import Costs, PromotionCreate
from app.trade.sales import explorer
from app.trade.sales.models import Source
from app.trade.sales.part import asked_with_our_names

MOST_SKUS = 200  # of one simulated promotion
_BANDS = {
    "incremental_units": "incremental_units",
    "post_dip_units": "post_dip_band",
    "other_products_units": "cannibalised_band",
    "net_units": "net_band",
}

# The AI service's fields by the names that people see here.
_FIELDS = {"cut": "discount", "costs": "fixed", "customer_ids": "customer_id", "product_ids": "product_ids",
           "funding_share": "funding"}  # fmt: skip


def newest_week(who: Principal, source: Source = Source.POS) -> date | None:
    """The first day of the newest period with sales; None without any."""
    require(who, Permission.PROMOTIONS_READ)
    return explorer.newest_day(Principal.system("planning"), source)


def sold_lately(who: Principal, source: Source = Source.POS) -> set[str]:
    """Ids of the customers and products that sold in the newest period."""
    require(who, Permission.PROMOTIONS_READ)
    return explorer.sold_lately(Principal.system("planning"), source)


def simulate(who: Principal, wanted: WhatIf) -> dict[str, Any]:
    """What the promotion would do, as `models.Simulated`. Raises Invalid naming the field, NoModel, NoForecast, Unavailable."""
    require(who, Permission.PROMOTIONS_READ)
    newest, skus = _newest_and_skus(who, wanted)
    errors = rules.discount_errors(wanted)
    if newest is None:
        errors.append(FieldError("start", _("There are no sales to plan from. Import some first.")))
    else:
        errors += rules.window_errors(rules.monday_of(wanted.start), rules.last_day(wanted.start, wanted.weeks), newest)
    if not skus:
        errors.append(FieldError("product_ids", _("Choose products that exist; a brand or category needs SKUs below it.")))
    if len(skus) > MOST_SKUS:
        text = _("{count} SKUs are too many for one promotion; choose at most {most}.", count=len(skus), most=MOST_SKUS)
        errors.append(FieldError("product_ids", text))
    if errors:
        raise Invalid(errors=errors)
    question = rules.whatif_question(wanted, skus)
    return told(asked_with_our_names(lambda: client.shared().simulate(question), _FIELDS))


def _newest_and_skus(who: Principal, wanted: WhatIf) -> tuple[date | None, list[str]]:
    """The newest week with sales and the SKUs that are meant. Every move of a slider asks, so it is read through the cache."""

    def load() -> bytes:
        return encode([newest_week(who, wanted.source), skus_of(wanted.product_ids)])

    newest, skus = json.loads(cached(["sales", "products"], ["whatif", wanted.source.value, wanted.product_ids], load))
    return date.fromisoformat(newest) if newest else None, skus


def told(answer: dict[str, Any]) -> dict[str, Any]:
    """The AI service's answer in our words."""
    kept = ("model", "stores", "baseline_units", "promoted_units", "weeks", "products", "refused", "warnings")
    bands = {ours: answer[theirs] for ours, theirs in _BANDS.items()}
    return {**{name: answer[name] for name in kept}, **bands, **{side: answer[side] for side in ("manufacturer", "retailer")}}


def elasticities(who: Principal, source: Source = Source.POS) -> dict[str, Any]:
    """Own and cross elasticities of every modelled product, with names."""
    require(who, Permission.PROMOTIONS_READ)
    answer = client.shared().elasticities(source.value)
    ids = {one["product_id"] for one in answer["products"]} | {one["product_id"] for one in answer["refused"]}
    cross = {other["product_id"] for one in answer["products"] for other in one["cross"]}
    brands = {one["brand_id"] for one in answer["products"] if one.get("brand_id")}
    names = products.by_ids(ids | cross | brands, {"name": 1})
    for one in (*answer["products"], *answer["refused"], *(other for row in answer["products"] for other in row["cross"])):
        one["product_name"] = names[one["product_id"]]["name"] if one["product_id"] in names else _("Gone")
    chains = customers.by_ids({one["chain_id"] for one in answer["products"]}, {"name": 1})
    for one in answer["products"]:
        one["chain_name"] = chains[one["chain_id"]]["name"] if one["chain_id"] in chains else _("Gone")
        one["brand_name"] = names[one["brand_id"]]["name"] if one.get("brand_id") in names else ""
    answer["products"].sort(key=lambda one: (one["product_name"], one["chain_name"]))
    return answer


def response(who: Principal, query: ResponseQuery) -> dict[str, Any]:
    """The fitted curve of one product with the weeks behind it, as the AI service gives it."""
    require(who, Permission.PROMOTIONS_READ)
    customers_asked = [query.customer] if query.customer else []
    names = {"product_id": "product", "customer_ids": "customer"}
    return asked_with_our_names(lambda: client.shared().response(query.product, customers_asked, query.source.value), names)


def make_draft(who: Principal, wanted: DraftFromWhatIf, origin: str = "whatif") -> tuple[Document, list[str]]:
    """A draft promotion with what is expected of it; the same wish sent again answers the same draft.

    `origin`: whose idea it was, whatif or recommendation.
    """
    require(who, Permission.PROMOTIONS_WRITE)
    answer = simulate(who, wanted)
    terms = terms_of(
        wanted, wanted.name, wanted.customer_id, wanted.product_ids, wanted.start, wanted.weeks, answer, wanted.source
    )
    if wanted.note:
        terms = terms.model_copy(update={"note": wanted.note})
    planned = figures(answer, wanted, wanted.weeks, origin)
    return promotions.create(who, terms, planned, draft_id(wish_of(who, wanted, origin)))


def wish_of(who: Principal, wanted: DraftFromWhatIf, origin: str) -> str:
    """What makes it the same wish."""
    return f"{origin}|{who.user_id}|{wanted.once}"


def terms_of(
    mechanics: Mechanics, name: str, customer_id: str, product_ids: list[str], start: date, weeks: int, answer: dict[str, Any],
    source: Source,
) -> PromotionCreate:  # fmt: skip
    """The promotion that carries a plan out."""
    per_unit = rules.funding_per_unit(answer["products"], mechanics.funding)
    return PromotionCreate(
        name=name,
        type=rules.promotion_type(mechanics),
        customer_id=customer_id,
        product_ids=product_ids,
        start=rules.monday_of(start),
        end=rules.last_day(start, weeks),
        discount=mechanics.discount,
        costs=Costs(fixed=mechanics.fixed, per_unit=per_unit),
        source=source,
    )


def figures(answer: dict[str, Any], mechanics: Mechanics, weeks: int, origin: str, plan_id: str | None = None) -> Document:
    """What is kept with the draft: the mechanics it stands on and everything that was expected, money exact."""
    model = answer["model"]
    shares = {name: to_decimal128(getattr(mechanics, name)) for name in ("discount", "feature", "display", "funding", "fixed")}
    return {
        "at": now(),
        "origin": origin,
        "plan_id": plan_id,
        "model": {name: model.get(name) for name in ("id", "fitted_at", "window")},
        "terms": {**shares, "deal": mechanics.deal, "weeks": weeks},
        **{name: answer[name] for name in ("stores", "baseline_units", "promoted_units", *_BANDS)},
        **{side: exact_side(answer[side]) for side in ("manufacturer", "retailer")},
    }


def draft_id(wish: str) -> str:
    """The id of the promotion that a wish makes: the same wish, the same id."""
    digest = base64.b32hexencode(hashlib.sha256(wish.encode()).digest()).decode()
    return f"prm_{digest[:26]}"
