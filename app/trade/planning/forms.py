"""The planning pages' forms as questions: whole percents of the sliders, days, and amounts as people type them (pure)."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from app.core.errors import FieldError, Invalid
from app.core.i18n import _
from app.trade.planning import rules
from app.trade.planning.models import Mechanics, PlanInput, WhatIf
from app.trade.promotions.terms import number_of

NAMES = ("customer", "product", "start", "weeks", "discount", "deal", "feature", "display", "funding", "fixed")
ROWS = 4  # mechanics that the optimiser's form offers
_PERCENT = ("discount", "feature", "display", "funding")
_SHOWN = {"customer_id": "customer", "product_ids": "product", "end": "start"}


def whatif_defaults(newest: date) -> dict[str, str]:
    """Where the sliders stand at first: two weeks, a fifth off, from the second week to come."""
    return {
        "customer": "", "product": "", "start": (rules.monday_of(newest) + timedelta(weeks=2)).isoformat(), "weeks": "2",
        "discount": "20", "deal": "1", "feature": "0", "display": "0", "funding": "100", "fixed": "",
    }  # fmt: skip


def whatif_values(given: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """The form's values; an unticked box of a form that was sent means no, not the default."""
    values = {name: given.get(name, defaults.get(name, "")).strip() for name in NAMES}
    if "discount" in given and "deal" not in given:
        values["deal"] = ""
    return values


def address(values: Mapping[str, str]) -> dict[str, str]:
    """The values as an address that shows them again."""
    return {name: value for name, value in values.items() if value}


def shown_name(field: str) -> str:
    """The form's name of a field of WhatIf."""
    return _SHOWN.get(field, field)


def whatif(values: Mapping[str, str]) -> WhatIf:
    """The form as a promotion that is tried out; raises Invalid naming the field."""
    errors: list[FieldError] = []
    fields: dict[str, Any] = {
        "customer_id": values["customer"],
        "product_ids": [values["product"]] if values["product"] else [],
        "start": values["start"],
        "weeks": values["weeks"] or "2",
        "deal": bool(values["deal"]),
        **{name: share_of(values[name], name, errors) for name in _PERCENT},
        "fixed": number_of(values["fixed"], "fixed", errors) or Decimal(0),
    }
    if errors:
        raise Invalid(errors=errors)
    return validated(WhatIf, fields)


def plan_defaults(newest: date, weeks: int = 12) -> dict[str, str]:
    """An empty question: the quarter to come, two mechanics, a budget to be typed."""
    first = rules.monday_of(newest) + timedelta(weeks=1)
    return {
        "name": "", "start": first.isoformat(), "end": (first + timedelta(weeks=weeks) - timedelta(days=1)).isoformat(),
        "weeks": "2", "budget": "", "side": "manufacturer", "most_discount": "40", "weeks_between": "2", "most_events": "",
        "most_at_once": "", "most_spend_share": "", "fewest_units": "", "blackout": "",
        "discount_1": "15", "feature_1": "0", "display_1": "0", "funding_1": "100", "fixed_1": "",
        "discount_2": "25", "feature_2": "100", "display_2": "0", "funding_2": "100", "fixed_2": "",
    }  # fmt: skip


def plan(values: Mapping[str, str], customer_ids: list[str], product_ids: list[str]) -> PlanInput:
    """The optimiser's form as its question; raises Invalid naming the field."""
    errors: list[FieldError] = []
    mechanics = [one for row in range(1, ROWS + 1) if (one := _mechanics(values, row, errors)) is not None]
    if not mechanics and not errors:
        errors.append(FieldError("discount_1", _("Describe at least one kind of event.")))
    budget = number_of(values.get("budget", ""), "budget", errors)
    if budget is None and not any(error.field == "budget" for error in errors):
        errors.append(FieldError("budget", _("Write the budget, like 25000.")))
    limits = {
        "most_discount": share_of(values.get("most_discount", "") or "40", "most_discount", errors),
        "most_spend_share": share_of(values["most_spend_share"], "most_spend_share", errors)
        if values.get("most_spend_share")
        else None,
        "blackout": days_of(values.get("blackout", ""), errors),
        **{name: _whole(values.get(name, ""), name, errors) for name in ("most_events", "most_at_once", "fewest_units")},
    }
    between = _whole(values.get("weeks_between", ""), "weeks_between", errors)
    if errors:
        raise Invalid(errors=errors)
    fields: dict[str, Any] = {
        "name": values.get("name", ""),
        "customer_ids": customer_ids,
        "product_ids": product_ids,
        "start": values.get("start", ""),
        "end": values.get("end", ""),
        "weeks": values.get("weeks") or "2",
        "mechanics": mechanics,
        "budget": budget,
        "side": values.get("side") or "manufacturer",
        "rules": {**limits, "weeks_between": between or 0},
    }
    return validated(PlanInput, fields)


def _mechanics(values: Mapping[str, str], row: int, errors: list[FieldError]) -> Mechanics | None:
    """One line of the form; an empty discount means that the line is not used."""
    texts = {name: values.get(f"{name}_{row}", "") for name in (*_PERCENT, "fixed")}
    if not texts["discount"]:
        return None
    before = len(errors)
    shares = {name: share_of(texts[name] or ("100" if name == "funding" else "0"), f"{name}_{row}", errors) for name in _PERCENT}
    fixed = number_of(texts["fixed"], f"fixed_{row}", errors) or Decimal(0)
    if len(errors) > before:
        return None
    try:
        return Mechanics(**shares, fixed=fixed, deal=True)
    except ValidationError as error:
        errors += [
            FieldError(f"{one['loc'][-1]}_{row}", _message(str(one["loc"][-1]), str(one["msg"]))) for one in error.errors()
        ]
        return None


def share_of(text: str, name: str, errors: list[FieldError]) -> Decimal | None:
    """`25` as 0.25; whatever is not a number between 0 and 100 is named."""
    value = number_of(text, name, errors)
    if value is not None and not 0 <= value <= 100:
        errors.append(FieldError(name, _("Write a share between 0 and 100 %.")))
        return None
    return None if value is None else (value / 100).quantize(Decimal("0.000001"))


def _whole(text: str, name: str, errors: list[FieldError]) -> int | None:
    value = number_of(text, name, errors)
    if value is not None and (value != value.to_integral_value() or not 0 <= value <= 10**9):
        errors.append(FieldError(name, _("Write a whole number that is not negative.")))
        return None
    return None if value is None else int(value)


def days_of(text: str, errors: list[FieldError]) -> list[date]:
    """`2026-12-21, 2026-12-28` as days; what is none is named."""
    found = []
    for part in text.replace(";", ",").replace("\n", ",").split(","):
        if not part.strip():
            continue
        try:
            found.append(date.fromisoformat(part.strip()))
        except ValueError:
            errors.append(FieldError("blackout", _("Write days like 2026-12-21, separated by commas.")))
            return []
    return found


def validated(model: Any, fields: Mapping[str, Any]) -> Any:
    """The fields as `model`; raises Invalid with words for people."""
    try:
        return model.model_validate({name: value for name, value in fields.items() if value is not None})
    except ValidationError as error:
        raise Invalid(errors=[_for_people(one) for one in error.errors()]) from error


def _for_people(error: Any) -> FieldError:
    steps = [str(step) for step in error["loc"]]
    field = steps[1] if steps and steps[0] == "rules" and len(steps) > 1 else steps[0] if steps else ""
    return FieldError(field, _message(field, str(error["msg"])))


def _message(field: str, message: str) -> str:
    words = {
        "customer_id": _("Choose a customer."), "customer_ids": _("Choose at least one customer, at most 20."),
        "product_ids": _("Choose at least one product."), "start": _("Choose the first day."), "end": _("Choose the last day."),
        "weeks": _("Between 1 and 12 weeks."), "discount": _("Write a share between 0 and 60 %."),
        "name": _("Give it a name of up to 200 characters."),
        "fixed": _("Write an amount that is not negative, like 1500 or 0.25."),
        "budget": _("Write an amount that is not negative, like 25000."),
        "weeks_between": _("Between 0 and 26 weeks."),
    }  # fmt: skip
    return words.get(field, message)
