"""A promotion's terms between the form they are written in and the form they are stored in (pure)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError

from app.core.clock import midnight
from app.core.errors import FieldError, Invalid
from app.core.i18n import _
from app.core.money import from_decimal128, to_decimal128
from app.core.mongo import Document
from app.trade.promotions.models import Costs, PromotionChange, PromotionCreate, PromotionInput, PromotionType, SellIn, Source


def stored(terms: PromotionInput) -> Document:
    """The terms as fields of the promotion."""
    sell_in = terms.sell_in
    return {
        "name": terms.name,
        "type": terms.type.value,
        "customer_id": terms.customer_id,
        "product_ids": list(terms.product_ids),
        "start": midnight(terms.start),
        "end": midnight(terms.end),
        "sell_in": {"start": midnight(sell_in.start), "end": midnight(sell_in.end)} if sell_in else None,
        "pre_weeks": terms.pre_weeks,
        "post_weeks": terms.post_weeks,
        "discount": to_decimal128(terms.discount),
        "costs": {"fixed": to_decimal128(terms.costs.fixed), "per_unit": to_decimal128(terms.costs.per_unit)},
        "source": terms.source.value,
        "note": terms.note,
    }


def written(row: Mapping[str, Any]) -> PromotionInput:
    """A stored promotion as it was written; limits on new terms are not applied to it."""
    costs, sell_in = row.get("costs") or {}, row.get("sell_in")
    return PromotionInput.model_construct(
        name=row["name"],
        type=PromotionType(row["type"]),
        customer_id=row["customer_id"],
        product_ids=list(row["product_ids"]),
        start=row["start"].date(),
        end=row["end"].date(),
        sell_in=SellIn(start=sell_in["start"].date(), end=sell_in["end"].date()) if sell_in else None,
        pre_weeks=row["pre_weeks"],
        post_weeks=row["post_weeks"],
        discount=from_decimal128(row.get("discount")),
        costs=Costs(fixed=from_decimal128(costs.get("fixed")), per_unit=from_decimal128(costs.get("per_unit"))),
        source=Source(row["source"]),
        note=row["note"],
    )


def merged(before: PromotionInput, change: PromotionChange) -> PromotionInput:
    """The terms after the change: what was sent replaces what was there, also by null where that means none."""
    may_be_none = {"sell_in", "discount"}
    sent = {
        name: getattr(change, name)
        for name in change.model_fields_set - {"version"}
        if getattr(change, name) is not None or name in may_be_none
    }
    return before.model_copy(update=sent)


def differing(before: PromotionInput, after: PromotionInput) -> set[str]:
    """Names of the fields that are not the same."""
    return {name for name in PromotionInput.model_fields if getattr(before, name) != getattr(after, name)}


def from_form(form: Mapping[str, str], product_ids: list[str]) -> Document:
    """Values of the page's form as fields of PromotionInput; raises Invalid naming the field that cannot be read."""
    errors: list[FieldError] = []
    read: Document = {
        name: form.get(name, "").strip() for name in ("name", "type", "customer_id", "note", "source") if name in form
    }
    read["product_ids"] = product_ids
    for name in ("start", "end"):
        read[name] = _day(form.get(name, ""), name, errors)
    first, last = (_day(form.get(f"sell_in_{name}", ""), f"sell_in_{name}", errors) for name in ("start", "end"))
    if (first is None) != (last is None):
        errors.append(FieldError("sell_in_end" if last is None else "sell_in_start", _("Give both days, or neither.")))
    read["sell_in"] = {"start": first, "end": last} if first and last else None
    percent = number_of(form.get("discount", ""), "discount", errors)
    read["discount"] = percent / 100 if percent is not None else None
    read["costs"] = {name: number_of(form.get(name, ""), name, errors) for name in ("fixed", "per_unit")}
    for name in ("pre_weeks", "post_weeks"):
        weeks = number_of(form.get(name, "6"), name, errors)
        read[name] = int(weeks) if weeks is not None else 6
    if errors:
        raise Invalid(errors=errors)
    return read


Terms = TypeVar("Terms", PromotionCreate, PromotionChange)


def validated(fields: Mapping[str, Any], model: type[Terms]) -> Terms:
    """`fields` as new or changed terms; raises Invalid with words for people instead of the schema's."""
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise Invalid(errors=[_for_people(one) for one in error.errors()]) from error


def _for_people(error: Any) -> FieldError:
    field = str(error["loc"][-1]) if error["loc"] else ""
    words = {
        "start": _("Choose the first day."),
        "end": _("Choose the last day."),
        "customer_id": _("Choose a customer."),
        "product_ids": _("Choose at least one product."),
        "name": _("Give it a name of up to 200 characters."),
        "discount": _("Write a share between 0 and 60 %."),
        "fixed": _("Write an amount that is not negative, like 1500 or 0.25."),
        "per_unit": _("Write an amount that is not negative, like 1500 or 0.25."),
        "pre_weeks": _("Between 0 and 13 weeks."),
        "post_weeks": _("Between 0 and 13 weeks."),
    }
    return FieldError(field, words.get(field, str(error["msg"])))


def _day(text: str, name: str, errors: list[FieldError]) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        errors.append(FieldError(name, _("Write a day like 2026-03-02.")))
        return None


def number_of(text: str, name: str, errors: list[FieldError]) -> Decimal | None:
    """A number as people type it: spaces between thousands, comma or point before decimals."""
    plain = text.replace("\u202f", "").replace("\u00a0", "").replace(" ", "").removesuffix("%")
    if not plain:
        return None
    if "," in plain and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        value = Decimal(plain)
    except ArithmeticError:
        value = Decimal("nan")
    if not value.is_finite():
        errors.append(FieldError(name, _("Write a number, like 1500 or 0.25.")))
        return None
    return value
