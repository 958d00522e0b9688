"""What a promotion may be and do: its life, what may still be changed, and what its terms must satisfy (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from app.core.errors import FieldError
from app.core.i18n import _
from app.trade.promotions.models import Origin, PromotionInput, PromotionStatus

NEXT: dict[PromotionStatus, tuple[PromotionStatus, ...]] = {
    PromotionStatus.DRAFT: (PromotionStatus.ACTIVE, PromotionStatus.CANCELLED),
    PromotionStatus.ACTIVE: (PromotionStatus.COMPLETED, PromotionStatus.CANCELLED),
    PromotionStatus.COMPLETED: (),
    PromotionStatus.CANCELLED: (PromotionStatus.DRAFT,),
}

MAX_DISCOUNT = Decimal("0.60")
EXPLAINED_DISCOUNT = Decimal("0.40")
MIN_DAYS, MAX_DAYS = 1, 90
# What may still be learnt or written down when the shelf is back to normal.
AFTERWARDS = frozenset({"name", "costs", "note"})
EVERYTHING = AFTERWARDS | {
    "type", "customer_id", "product_ids", "start", "end", "sell_in", "pre_weeks", "post_weeks", "discount", "source",
}  # fmt: skip


def may_become(status: PromotionStatus, origin: Origin) -> tuple[PromotionStatus, ...]:
    """The states that may follow; an observed deal has happened, so nothing follows."""
    return () if origin is Origin.OBSERVED else NEXT[status]


def why_not(status: PromotionStatus, wanted: PromotionStatus, origin: Origin, start: date, today: date) -> str | None:
    """Why the promotion cannot become `wanted` now; None when it can."""
    if origin is Origin.OBSERVED:
        return _("An observed deal already happened; its state follows from the sales and cannot be set.")
    if wanted not in NEXT[status]:
        possible = ", ".join(NEXT[status])
        if not possible:
            return _("A promotion that is {status} stays so.", status=_(status.value))
        return _("A promotion that is {status} can only become {possible}.", status=_(status.value), possible=possible)
    if wanted is PromotionStatus.COMPLETED and today < start:
        return _("It has not started yet, so it cannot be completed. Cancel it, or wait until it has run.")
    return None


def changeable(status: PromotionStatus, origin: Origin) -> frozenset[str]:
    """The fields of PromotionInput that may be changed now."""
    if origin is Origin.OBSERVED or status is PromotionStatus.COMPLETED:
        return AFTERWARDS
    return frozenset() if status is PromotionStatus.CANCELLED else EVERYTHING


def check(terms: PromotionInput) -> list[FieldError]:
    """Everything wrong with the terms, for the fields they belong to."""
    errors = _window_errors(terms.start, terms.end)
    if terms.sell_in is not None and terms.sell_in.end < terms.sell_in.start:
        errors.append(FieldError("sell_in_end", _("The last sell-in day is before the first.")))
    if len(set(terms.product_ids)) != len(terms.product_ids):
        errors.append(FieldError("product_ids", _("A product is listed twice.")))
    if terms.discount is not None:
        errors += _discount_errors(terms.discount, terms.note)
    return errors


def _window_errors(start: date, end: date) -> list[FieldError]:
    days = (end - start).days + 1
    if days < MIN_DAYS:
        return [FieldError("end", _("The last day is before the first."))]
    if days > MAX_DAYS:
        return [
            FieldError("end", _("It runs {days} days; {max} is the longest. Split it into several.", days=days, max=MAX_DAYS))
        ]
    return []


def _discount_errors(discount: Decimal, note: str) -> list[FieldError]:
    if discount > MAX_DISCOUNT:
        return [FieldError("discount", _("At most {max} % off is allowed.", max=int(MAX_DISCOUNT * 100)))]
    if discount > EXPLAINED_DISCOUNT and not note:
        return [
            FieldError("note", _("More than {limit} % off needs a reason; write it here.", limit=int(EXPLAINED_DISCOUNT * 100)))
        ]
    return []


@dataclass(frozen=True)
class Planned:
    """What overlap is judged by: `stores` and `products` are ids of the lowest level; both days included."""

    id: str
    label: str
    stores: frozenset[str]
    products: frozenset[str]
    start: date
    end: date


def overlapping(one: Planned, others: Iterable[Planned]) -> list[Planned]:
    """Those of `others` that promote a product of `one` at a store of `one` in the same ISO week."""
    first, last = _week_span(one)
    found = []
    for other in others:
        other_first, other_last = _week_span(other)
        same_week = other_first <= last and first <= other_last
        if other.id != one.id and same_week and one.stores & other.stores and one.products & other.products:
            found.append(other)
    return found


def _week_span(planned: Planned) -> tuple[date, date]:
    first = planned.start - timedelta(days=planned.start.weekday())
    return first, planned.end + timedelta(days=6 - planned.end.weekday())


def observed_code(customer_code: str, sku: str, monday: date, source: str) -> str:
    """`DOM-TROP-64-1992W38`: says where, what and when, and is the same each time the deal is found."""
    year, week, _day = monday.isocalendar()
    return f"{customer_code}-{sku}-{year}W{week:02d}" + ("" if source == "pos" else f"-{source}")
