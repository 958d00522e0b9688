"""What a product costs at a customer when it is not promoted, week by week (pure; the rule is `docs/ai.md`'s)."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

# Weeks looked at on either side, widened until enough unflagged weeks are found.
REACHES = (8, 16, 26)
ENOUGH_UNFLAGGED_WEEKS = 3


class PricedWeek(NamedTuple):
    """One week of one product at one customer. `number` counts weeks from Monday 1970-01-05; prices are per unit."""

    number: int
    units: float
    price: Decimal | None
    given: Decimal | None
    deal: bool
    feature: float
    display: bool

    @property
    def flagged(self) -> bool:
        """The retailer's own record says it was promoted."""
        return self.deal or self.feature > 0 or self.display


def regular_prices(weeks: Sequence[PricedWeek]) -> list[Decimal | None]:
    """The regular price of each of `weeks` (one series, ascending by number), None where nothing is known.

    A price that came with the sales wins; else the median of the unflagged weeks around (8 weeks on either side, then
    16, then 26, until there are three of them); else the highest price paid within 8 weeks. It looks forward as well
    as back, so it describes the past and must not feed a forecast.
    """
    unflagged = [(week.number, week.price) for week in weeks if week.price is not None and not week.flagged]
    paid = [(week.number, week.price) for week in weeks if week.price is not None]
    return [week.given if week.given is not None else _typical(unflagged, paid, week.number) for week in weeks]


def _typical(unflagged: list[tuple[int, Decimal]], paid: list[tuple[int, Decimal]], number: int) -> Decimal | None:
    for reach in REACHES:
        near = _within(unflagged, number, reach)
        if len(near) >= ENOUGH_UNFLAGGED_WEEKS:
            return _median(near)
    return max(_within(paid, number, REACHES[0]), default=None)


def _within(prices: list[tuple[int, Decimal]], number: int, reach: int) -> list[Decimal]:
    """Prices of the weeks at most `reach` away from `number`."""
    first = _position(prices, number - reach)
    found = []
    for index in range(first, len(prices)):
        week, price = prices[index]
        if week > number + reach:
            break
        found.append(price)
    return found


def _position(prices: list[tuple[int, Decimal]], number: int) -> int:
    """Index of the first week not before `number`."""
    low, high = 0, len(prices)
    while low < high:
        middle = (low + high) // 2
        if prices[middle][0] < number:
            low = middle + 1
        else:
            high = middle
    return low


def _median(prices: list[Decimal]) -> Decimal:
    ordered = sorted(prices)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
