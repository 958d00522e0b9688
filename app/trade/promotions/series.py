"""Sales facts as the weekly series that deals are found in, and what tells that they changed (pure)."""

import functools
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from app.trade.promotions.regular_price import PricedWeek

FACT_FIELDS = {
    "_id": 0, "customer_id": 1, "period": 1, "units": 1, "price_paid": 1, "price_regular": 1, "unit_acquisition_cost": 1,
    "deal": 1, "feature": 1, "display": 1,
}  # fmt: skip
_AMOUNTS = ("price_paid", "price_regular", "unit_acquisition_cost")
EPOCH_MONDAY = date(1970, 1, 5)
# The analysis looks this far before and after a promotion.
AROUND_WEEKS = 6


def week_number(day: date) -> int:
    """Weeks from Monday 1970-01-05 to the ISO week of `day`."""
    return (day - EPOCH_MONDAY).days // 7


def monday_of(number: int) -> datetime:
    """The Monday of week `number`, as UTC midnight."""
    day = EPOCH_MONDAY + timedelta(weeks=number)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def sunday_of(number: int) -> datetime:
    """The Sunday of week `number`, as UTC midnight."""
    return monday_of(number) + timedelta(days=6)


@dataclass(frozen=True)
class Series:
    """One product at one customer: its weeks in order, and a digest of the facts of each."""

    weeks: list[PricedWeek]
    digests: Mapping[int, bytes]


def weekly(facts: Iterable[Mapping[str, Any]]) -> Series:
    """The facts of one product, customer and source as weeks; days are added up, their price weighted by units."""
    by_week: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for fact in facts:
        by_week[week_number(fact["period"].date())].append(fact)
    numbers = sorted(by_week)
    return Series(
        [_one_week(number, by_week[number]) for number in numbers],
        {number: _digest(by_week[number]) for number in numbers},
    )


def sales_hash(stores: Mapping[str, Series], customer_ids: Sequence[str], first: int, last: int) -> str:
    """Changes exactly when a fact changes that the analysis of weeks `first` to `last` at those customers rests on."""
    digest = hashlib.blake2b(digest_size=12)
    for customer_id in sorted(customer_ids):
        series = stores.get(customer_id)
        if series is None:
            continue
        digest.update(customer_id.encode())
        for number in range(first - AROUND_WEEKS, last + AROUND_WEEKS + 1):
            digest.update(series.digests.get(number, b"-"))
    return digest.hexdigest()


def fingerprint(parts: Iterable[object]) -> str:
    """One short text for all of `parts`, in their order."""
    return hashlib.blake2b("|".join(str(part) for part in parts).encode(), digest_size=12).hexdigest()


def _one_week(number: int, facts: Sequence[Mapping[str, Any]]) -> PricedWeek:
    if len(facts) == 1:
        fact = facts[0]
        price, given = _exact(fact.get("price_paid")), _exact(fact.get("price_regular"))
    else:
        price, given = _mean(facts, "price_paid"), _mean(facts, "price_regular")
    return PricedWeek(
        number=number,
        units=sum(float(fact["units"]) for fact in facts),
        price=price,
        given=given,
        deal=any(fact.get("deal") for fact in facts),
        feature=max(float(fact.get("feature") or 0) for fact in facts),
        display=any(fact.get("display") for fact in facts),
    )


def _mean(facts: Sequence[Mapping[str, Any]], name: str) -> Decimal | None:
    known = [(_exact(fact.get(name)), Decimal(str(fact["units"]))) for fact in facts if fact.get(name) is not None]
    units = sum((weight for _price, weight in known), Decimal(0))
    return sum((price * weight for price, weight in known if price is not None), Decimal(0)) / units if units > 0 else None


def _exact(value: Decimal128 | Decimal | None) -> Decimal | None:
    return _decimal(value.bid) if isinstance(value, Decimal128) else value


@functools.lru_cache(maxsize=65_536)
def _decimal(bid: bytes) -> Decimal:
    """Few prices occur in many weeks; reading each from its bytes once saves half of the finder's time."""
    return Decimal128.from_bid(bid).to_decimal()


def _digest(facts: Sequence[Mapping[str, Any]]) -> bytes:
    digest = hashlib.blake2b(digest_size=8)
    for fact in facts:
        flags = (fact["period"].toordinal(), float(fact["units"]), fact.get("deal"), fact.get("feature"), fact.get("display"))
        digest.update(repr(flags).encode())
        for name in _AMOUNTS:
            amount = fact.get(name)
            digest.update(b"-" if amount is None else amount.bid)
    return digest.digest()
