"""Deals that sales show: promoted weeks of each store, chain events, and the store deals that remain (pure)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from app.trade.promotions.regular_price import PricedWeek, regular_prices

# A chain event needs this share of the stores that sold the product in the week.
CHAIN_SHARE = Decimal("0.5")
# A store that starts a week early or ends a week late is still part of its chain's event.
EDGE_WEEKS = 1


class Level(StrEnum):
    """How widely a deal ran."""

    CHAIN = "chain"
    STORE = "store"


class SeenWeek(NamedTuple):
    """A week of a store with what was concluded about it. `depth` is the share off the regular price, never negative."""

    number: int
    units: float
    promoted: bool
    depth: Decimal | None
    deal: bool
    feature: bool


@dataclass(frozen=True)
class Deal:
    """One observed promotion of one product: weeks `first` to `last` (both included), at the stores `customer_ids`.

    `discount` is the mean depth over the promoted store-weeks, None when no regular price is known; `deal_share` and
    `feature_share` are shares of those store-weeks that the retailer flagged.
    """

    level: Level
    first: int
    last: int
    customer_ids: tuple[str, ...]
    discount: Decimal | None
    deal_share: Decimal
    feature_share: Decimal

    @property
    def weeks(self) -> int:
        """How many weeks it ran."""
        return self.last - self.first + 1


def seen_weeks(weeks: Sequence[PricedWeek], threshold: Decimal) -> list[SeenWeek]:
    """One store's series (ascending) with each week judged: promoted when flagged or at least `threshold` under regular."""
    seen = []
    for week, regular in zip(weeks, regular_prices(weeks), strict=True):
        depth = None
        if regular and week.price is not None:
            depth = max(Decimal(0), 1 - week.price / regular)
        promoted = week.flagged or (depth is not None and depth >= threshold)
        seen.append(SeenWeek(week.number, week.units, promoted, depth, week.deal, week.feature > 0))
    return seen


def find_deals(stores: Mapping[str, Sequence[SeenWeek]]) -> list[Deal]:
    """All deals of one product at one chain, by first week. `stores` holds each store's series, ascending.

    A chain event is a stretch of weeks in each of which at least half of the stores that sold the product promoted it;
    every store that promoted in one of them takes part. Promoted weeks outside are deals of their store alone, except
    the single week by which a store starts early or ends late. A customer without stores below is a chain of one.
    """
    events = runs(_chain_weeks(stores))
    covered = {number for run in events for number in run}
    found = [_deal(Level.CHAIN, run[0], run[-1], stores) for run in events]
    for store, weeks in stores.items():
        for run in runs(week.number for week in weeks if week.promoted and week.number not in covered):
            if not _edge_of_an_event(run, weeks, covered):
                found.append(_deal(Level.STORE, run[0], run[-1], {store: weeks}))
    return sorted(found, key=lambda deal: (deal.first, deal.level, deal.customer_ids))


def runs(numbers: Iterable[int]) -> list[list[int]]:
    """Ascending week numbers cut into stretches without a gap."""
    stretches: list[list[int]] = []
    for number in numbers:
        if stretches and number == stretches[-1][-1] + 1:
            stretches[-1].append(number)
        else:
            stretches.append([number])
    return stretches


def _chain_weeks(stores: Mapping[str, Sequence[SeenWeek]]) -> list[int]:
    selling: dict[int, int] = defaultdict(int)
    promoted: dict[int, int] = defaultdict(int)
    for weeks in stores.values():
        for week in weeks:
            selling[week.number] += 1
            promoted[week.number] += week.promoted
    return sorted(number for number, count in selling.items() if promoted[number] and promoted[number] >= count * CHAIN_SHARE)


def _edge_of_an_event(run: list[int], weeks: Sequence[SeenWeek], covered: set[int]) -> bool:
    if len(run) > EDGE_WEEKS:
        return False
    beside = {run[0] - 1, run[-1] + 1} & covered
    return any(week.promoted for week in weeks if week.number in beside)


def _deal(level: Level, first: int, last: int, stores: Mapping[str, Sequence[SeenWeek]]) -> Deal:
    taking_part: list[str] = []
    promoted: list[SeenWeek] = []
    for store, weeks in stores.items():
        here = [week for week in weeks if first <= week.number <= last and week.promoted]
        if here:
            taking_part.append(store)
            promoted += here
    depths = [week.depth for week in promoted if week.depth is not None]
    count = Decimal(len(promoted))
    return Deal(
        level=level,
        first=first,
        last=last,
        customer_ids=tuple(sorted(taking_part)),
        discount=_share(sum(depths, Decimal(0)) / len(depths)) if depths else None,
        deal_share=_share(sum(week.deal for week in promoted) / count),
        feature_share=_share(sum(week.feature for week in promoted) / count),
    )


def _share(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001"))
