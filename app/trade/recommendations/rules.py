"""The question to the AI service and its answer in our words (pure)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.core.i18n import _
from app.trade.recommendations.models import RecommendationAsked

FIELDS = {
    "costs.fixed": "fixed",
    "costs.feature": "feature_cost",
    "costs.display": "display_cost",
    "customer_ids": "customer",
    "product_ids": "product",
    "funding_share": "funding",
    "deepest": "most_discount",
}
_BANDS = {
    "incremental_units": "incremental_units",
    "post_dip_units": "post_dip_band",
    "other_products_units": "cannibalised_band",
    "net_units": "net_band",
}
_AS_THEY_ARE = ("start", "end", "stores", "net", "net_lo80", "net_hi80", "sure", "baseline_units", "promoted_units",
                "manufacturer", "retailer", "last_promotion", "reasons")  # fmt: skip


def question(asked: RecommendationAsked, part: Mapping[str, Any], taken: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """`part`: customers, SKUs and source as the AI service knows them; `taken`: promotions that are planned already."""
    rules = asked.rules
    return {
        **part,
        "start": asked.start.isoformat() if asked.start else None,
        "end": asked.end.isoformat() if asked.end else None,
        "weeks": asked.weeks,
        "side": asked.side,
        "funding_share": None if asked.funding is None else float(asked.funding),
        "costs": {"fixed": str(asked.fixed), "feature": str(asked.feature_cost), "display": str(asked.display_cost)},
        "deepest": float(rules.most_discount),
        "weeks_between": rules.weeks_between,
        "blackout": [day.isoformat() for day in rules.blackout],
        "most_spend": None if rules.most_spend is None else str(rules.most_spend),
        "most_spend_share": None if rules.most_spend_share is None else float(rules.most_spend_share),
        "taken": list(taken),
        "most": asked.most,
    }


def told(answer: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """As `models.Recommended`; `names`: of the products."""
    return {
        **{name: answer[name] for name in ("model", "side", "considered", "none_pays")},
        "proposals": [_proposal(one, names) for one in answer["proposals"]],
        "not_proposed": [_named(one, names) for one in answer["not_proposed"]],
        "refused": [_named(one, names) for one in answer["refused"]],
    }


def product_ids(answer: Mapping[str, Any]) -> set[str]:
    """Every product that the answer speaks of."""
    return {one["product_id"] for part in ("proposals", "not_proposed", "refused") for one in answer[part]}


def _named(one: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    kept = {name: value for name, value in one.items() if name != "customer_id"}
    return {**kept, "product_name": names.get(one["product_id"]) or _("Gone")}


def _proposal(one: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    mechanics = {
        "discount": str(_share(one["cut"])),
        "deal": one["deal"] > 0,
        "feature": str(_share(one["feature"])),
        "display": str(_share(one["display"])),
        "funding": str(_share(one["funding_share"])),
        "fixed": one["fixed"],
    }
    return {
        "product_id": one["product_id"],
        "product_name": names.get(one["product_id"]) or _("Gone"),
        "mechanics": mechanics,
        **{name: one[name] for name in _AS_THEY_ARE},
        **{ours: one[theirs] for ours, theirs in _BANDS.items()},
    }


def _share(value: float) -> Decimal:
    """A share as people write it."""
    exact = Decimal(str(round(value, 6)))
    return exact.normalize() if exact else Decimal(0)
