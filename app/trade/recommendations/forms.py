"""The page's form as a question (pure)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.core.errors import FieldError, Invalid
from app.trade.planning.forms import days_of, share_of, validated
from app.trade.promotions.terms import number_of
from app.trade.recommendations.models import RecommendationAsked

NAMES = ("product", "weeks", "side", "funding", "fixed", "feature_cost", "display_cost", "most_discount", "weeks_between",
         "most_spend", "most_spend_share", "blackout", "start", "end")  # fmt: skip
DEFAULTS = {"weeks": "2", "side": "manufacturer", "most_discount": "40", "weeks_between": "2"}
_SHOWN = {"customer_ids": "customer", "product_ids": "product"}


def values_of(given: Mapping[str, str]) -> dict[str, str]:
    """What the form shows: from the address, else what one would ask first."""
    return {name: given.get(name, DEFAULTS.get(name, "")).strip() for name in NAMES}


def asked(values: Mapping[str, str], customer_ids: Sequence[str]) -> RecommendationAsked:
    """The form as the question; raises Invalid naming the field as the form does."""
    errors: list[FieldError] = []
    money = {name: number_of(values[name], name, errors) or Decimal(0) for name in ("fixed", "feature_cost", "display_cost")}
    shares = {name: share_of(values[name], name, errors) if values[name] else None for name in ("funding", "most_spend_share")}
    rules = {
        "most_discount": share_of(values["most_discount"] or DEFAULTS["most_discount"], "most_discount", errors),
        "weeks_between": values["weeks_between"] or "0",
        "most_spend": number_of(values["most_spend"], "most_spend", errors),
        "most_spend_share": shares["most_spend_share"],
        "blackout": days_of(values["blackout"], errors),
    }
    if errors:
        raise Invalid(errors=errors)
    fields: dict[str, Any] = {
        "customer_ids": list(customer_ids),
        "product_ids": [values["product"]] if values["product"] else [],
        "weeks": values["weeks"] or "2",
        "side": values["side"] or "manufacturer",
        "funding": shares["funding"],
        "start": values["start"] or None,
        "end": values["end"] or None,
        **money,
        "rules": rules,
    }
    question: RecommendationAsked = validated(RecommendationAsked, fields)
    return question


def shown_name(field: str) -> str:
    """The form's name of a field of the question."""
    return _SHOWN.get(field, field)
