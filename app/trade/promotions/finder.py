"""Finds the deals that imported sales show and keeps the observed promotions in step with them.

Only what changed is looked through again: each product at each chain has a fingerprint (which facts of which import,
from where, at which threshold), noted when its deals were stored. Finding again without a change reads no fact.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from app.core.cache import changing
from app.core.ids import new_id
from app.core.jobs import Progress
from app.core.money import to_decimal128
from app.core.mongo import Document
from app.core.settings import settings
from app.trade.customers.store import nodes as customers
from app.trade.products.store import nodes as products
from app.trade.promotions import store
from app.trade.promotions.deals import Deal, Level, find_deals, seen_weeks
from app.trade.promotions.matching import match
from app.trade.promotions.models import AnalysisState, Origin, PromotionStatus, PromotionType
from app.trade.promotions.rules import observed_code
from app.trade.promotions.series import (
    FACT_FIELDS,
    Series,
    fingerprint,
    monday_of,
    sales_hash,
    sunday_of,
    week_number,
    weekly,
)
from app.trade.sales import store as sales
from app.trade.sales.models import SalesFilter, Source

ACTOR = "system:finder"
# Raise it when the rules of finding change: everything is looked through again.
RULES_VERSION = 1
_FEATURE_TYPE_SHARE = Decimal("0.5")


@dataclass
class Counts:
    """What one run came to. `looked` and `changed` count products at chains, the rest promotions."""

    looked: int = 0
    changed: int = 0
    new: int = 0
    updated: int = 0
    gone: int = 0
    touched_by_people: list[Document] = field(default_factory=list)

    def as_dict(self) -> dict[str, int]:
        """For events and the audit trail."""
        counted = asdict(self)
        counted.pop("touched_by_people")
        return counted


@dataclass(frozen=True)
class Shelf:
    """One product at one chain, from one source. `stores` are the customers below that have facts."""

    source: str
    chain: Document
    product: Document
    stores: Mapping[str, Document]
    fingerprint: str

    @property
    def key(self) -> str:
        """Names the shelf in the notes of what was looked through."""
        return f"{self.source}|{self.chain['_id']}|{self.product['_id']}"


def find(progress: Progress, alive: Callable[[], object] = lambda: None) -> Counts:
    """Bring the observed promotions up to date with the sales; `alive` is called now and then while it works."""
    known = store.scans()
    shelves = {shelf.key: shelf for shelf in _shelves()}
    stale = [shelf for key, shelf in sorted(shelves.items()) if known.get(key) != shelf.fingerprint]
    gone = sorted(set(known) - set(shelves))
    counts = Counts(looked=len(shelves), changed=len(stale) + len(gone))
    total = len(stale) + len(gone)
    done = 0
    for group in _by_product(stale):
        series = _read(group[0])
        for shelf in group:
            progress.report(done, total, f"{shelf.product['name']} · {shelf.chain['name']}")
            progress.stop_if_cancelled()
            alive()
            _settle(shelf, {store_id: series[store_id] for store_id in shelf.stores if store_id in series}, counts)
            store.remember_scan(shelf.key, shelf.fingerprint)
            done += 1
    for key in gone:
        _clear(key, counts)
        store.forget_scan(key)
    progress.report(total, total)
    return counts


def _shelves() -> Iterator[Shelf]:
    contents: dict[tuple[str, str], dict[str, list[tuple[str, int]]]] = defaultdict(lambda: defaultdict(list))
    for source, product_id, customer_id, import_id, facts in sales.origins():
        contents[source, product_id][customer_id].append((str(import_id), facts))
    nodes = customers.by_ids({customer_id for stores in contents.values() for customer_id in stores})
    chains = _chains(nodes)
    skus = products.by_ids({product_id for _source, product_id in contents})
    for (source, product_id), stores in contents.items():
        product = skus.get(product_id)
        if product is None:
            continue
        by_chain: dict[str, list[str]] = defaultdict(list)
        for customer_id in sorted(set(stores) & set(chains)):
            by_chain[chains[customer_id]["_id"]].append(customer_id)
        for members in by_chain.values():
            held = [f"{member}:{sorted(stores[member])}" for member in members]
            mark = fingerprint([RULES_VERSION, settings().price_cut_threshold, product.get("unit_cost"), *held])
            yield Shelf(source, chains[members[0]], product, {member: nodes[member] for member in members}, mark)


def _chains(nodes: Mapping[str, Document]) -> dict[str, Document]:
    """The chain of each customer: the nearest banner above, else the national customer on top, else itself."""
    above = customers.by_ids({node_id for node in nodes.values() for node_id in node["path"]})
    found = {}
    for customer_id, node in nodes.items():
        line = [above[node_id] for node_id in reversed(node["path"]) if node_id in above]
        banner = next((one for one in line if one["level"] == "banner"), None)
        national = next((one for one in line if one["level"] == "national"), None)
        found[customer_id] = banner or national or node
    return found


def _by_product(shelves: list[Shelf]) -> Iterator[list[Shelf]]:
    """Shelves of one product and source together, because their facts are read in one go."""
    groups: dict[tuple[str, str], list[Shelf]] = defaultdict(list)
    for shelf in shelves:
        groups[shelf.source, shelf.product["_id"]].append(shelf)
    yield from groups.values()


def _read(shelf: Shelf) -> dict[str, Series]:
    part = SalesFilter(source=Source(shelf.source), product_ids=[shelf.product["_id"]])
    facts: dict[str, list[Document]] = defaultdict(list)
    for fact in sales.find(part, FACT_FIELDS):
        facts[fact["customer_id"]].append(fact)
    return {customer_id: weekly(rows) for customer_id, rows in facts.items()}


def _settle(shelf: Shelf, series: Mapping[str, Series], counts: Counts) -> None:
    """Store the shelf's deals: new ones in, changed ones changed, those that no longer show out."""
    threshold = settings().price_cut_threshold
    found = find_deals({store_id: seen_weeks(one.weeks, threshold) for store_id, one in sorted(series.items())})
    new: list[Document] = []
    changed: list[tuple[str, Document]] = []
    gone: list[Document] = []
    stored = _stored(shelf.key)
    deals: dict[str, list[Deal]] = defaultdict(list)
    for deal in found:
        deals[_place(shelf, deal)].append(deal)
    for place in sorted(set(stored) | set(deals)):
        here = stored.get(place, {})
        spans = {key: (week_number(row["start"].date()), week_number(row["end"].date())) for key, row in here.items()}
        matched = match(spans, deals.get(place, []))
        new += [_new(shelf, deal, series) for deal in matched.new]
        for promotion_id, deal in matched.pairs:
            difference = _difference(here[promotion_id], _observed(shelf, deal, series))
            if difference:
                changed.append((promotion_id, difference))
        gone += [here[promotion_id] for promotion_id in matched.gone]
    if new or changed or gone:
        with changing("promotions"):
            store.write_observed(shelf.key, new, changed, [row["_id"] for row in gone], ACTOR)
    counts.new += len(new)
    counts.updated += len(changed)
    _count_gone(gone, counts)


def _place(shelf: Shelf, deal: Deal) -> str:
    return shelf.chain["_id"] if deal.level is Level.CHAIN else f"store:{deal.customer_ids[0]}"


def _stored(shelf_key: str) -> dict[str, dict[str, Document]]:
    """The observed promotions of a shelf, by place and id."""
    found: dict[str, dict[str, Document]] = defaultdict(dict)
    for row in store.find({"shelf": shelf_key, "origin": Origin.OBSERVED.value}):
        place = row["customer_id"] if row["level"] == Level.CHAIN else f"store:{row['customer_id']}"
        found[place][row["_id"]] = row
    return found


def _observed(shelf: Shelf, deal: Deal, series: Mapping[str, Series]) -> Document:
    """What sales say about the deal; the fields a person may set are not among them."""
    chain = deal.level is Level.CHAIN
    place = shelf.chain if chain else shelf.stores[deal.customer_ids[0]]
    start = monday_of(deal.first)
    key = f"observed|{shelf.source}|{deal.level}|{place['_id']}|{shelf.product['_id']}|{start:%Y-%m-%d}"
    featured = deal.feature_share >= _FEATURE_TYPE_SHARE
    return {
        "key": key,
        "code": observed_code(place["code"], shelf.product["sku"], start.date(), shelf.source),
        "level": deal.level.value,
        "type": (PromotionType.FEATURE if featured else PromotionType.PRICE_DISCOUNT).value,
        "customer_id": place["_id"],
        "customer_ids": list(deal.customer_ids),
        "store_count": len(deal.customer_ids),
        "start": start,
        "end": sunday_of(deal.last),
        "discount": to_decimal128(deal.discount),
        "deal_share": to_decimal128(deal.deal_share),
        "feature_share": to_decimal128(deal.feature_share),
        "sales_hash": fingerprint([
            sales_hash(series, deal.customer_ids, deal.first, deal.last), shelf.product.get("unit_cost"), deal.first, deal.last,
        ]),
    }  # fmt: skip


def _new(shelf: Shelf, deal: Deal, series: Mapping[str, Series]) -> Document:
    seen = _observed(shelf, deal, series)
    return {
        "_id": new_id("promotion"),
        **seen,
        "shelf": shelf.key,
        "name": shelf.product["name"],
        "origin": Origin.OBSERVED.value,
        "status": PromotionStatus.COMPLETED.value,
        "source": shelf.source,
        "product_ids": [shelf.product["_id"]],
        "sell_in": None,
        "pre_weeks": 6,
        "post_weeks": 6,
        "costs": {"fixed": None, "per_unit": None},
        "currency": shelf.chain["currency"],
        "note": "",
        "analysis": {"state": AnalysisState.WAITING.value},
        **store.UNANALYSED,
    }


def _difference(row: Document, seen: Document) -> Document:
    """The fields that are no longer as stored. Other sales than the analysis saw: the old result stays until it is replaced."""
    changes = {name: value for name, value in seen.items() if _plain(row.get(name)) != _plain(value)}
    if "sales_hash" in changes:
        changes["analysis.state"] = AnalysisState.WAITING.value
    return changes


def _plain(value: Any) -> Any:
    return value.to_decimal() if isinstance(value, Decimal128) else value


def _clear(shelf_key: str, counts: Counts) -> None:
    """Nothing is sold there any more: its import was taken back."""
    gone = list(store.find({"shelf": shelf_key, "origin": Origin.OBSERVED.value}))
    if gone:
        with changing("promotions"):
            store.write_observed(shelf_key, [], [], [row["_id"] for row in gone], ACTOR)
    _count_gone(gone, counts)


def _count_gone(gone: list[Document], counts: Counts) -> None:
    counts.gone += len(gone)
    counts.touched_by_people += [row for row in gone if row.get("note") or any((row.get("costs") or {}).values())]
