"""Promotions entered by hand: where they run, what they overlap with, and whether sales already tell about them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from app.core.clock import midnight, monday
from app.core.mongo import Document
from app.trade.customers.store import nodes as customers
from app.trade.promotions import rules, store
from app.trade.promotions.analysis import skus_of
from app.trade.promotions.models import AnalysisState, Origin, PromotionStatus
from app.trade.promotions.rules import Planned
from app.trade.promotions.series import AROUND_WEEKS, FACT_FIELDS, fingerprint, sales_hash, week_number, weekly
from app.trade.sales import store as sales
from app.trade.sales.models import SalesFilter, Source

_RUNS = (PromotionStatus.ACTIVE.value, PromotionStatus.COMPLETED.value)


def overlaps(row: Document) -> list[Planned]:
    """Live promotions that promote one of the row's products at one of its stores in the same week."""
    first = midnight(monday(row["start"].date()))
    last = row["end"] + timedelta(days=6)
    where = {
        "_id": {"$ne": row["_id"]},
        "status": {"$ne": PromotionStatus.CANCELLED.value},
        "start": {"$lte": last},
        "end": {"$gte": first},
    }
    candidates = store.find(where, {"analysis": 0}, [("level", 1), ("start", 1)])
    return rules.overlapping(planned(row), (planned(other) for other in candidates))


def planned(row: Document) -> Planned:
    """The promotion as overlap is judged."""
    return Planned(
        id=row["_id"],
        label=f"{row['code']} {row['name']}",
        stores=frozenset(row.get("customer_ids") or customers.below(row["customer_id"])),
        products=frozenset(skus_of(row["product_ids"])),
        start=row["start"].date(),
        end=row["end"].date(),
    )


def follow_sales() -> int:
    """Have every running or completed entered promotion analysed (again) whose sales changed; returns how many."""
    changed = 0
    for row in store.find({"origin": Origin.ENTERED.value, "status": {"$in": list(_RUNS)}}):
        if wants_analysis(row):
            changed += 1
    return changed


def wants_analysis(row: Document) -> bool:
    """Note the sales the promotion rests on; True when they are new and there are some in its window."""
    seen = sales_of(row)
    if seen is None or seen == row.get("sales_hash"):
        return False
    state = {"sales_hash": seen, "analysis.state": AnalysisState.WAITING.value}
    return store.set_analysis(row, state)


def sales_of(row: Document) -> str | None:
    """A digest of the sales the analysis would rest on; None without any in the promotion's own window."""
    first, last = week_number(row["start"].date()), week_number(row["end"].date())
    stores = sorted(row.get("customer_ids") or customers.below(row["customer_id"]))
    parts = []
    for sku in sorted(skus_of(row["product_ids"])):
        by_store: dict[str, list[Document]] = defaultdict(list)
        for fact in _facts(row, stores, sku):
            by_store[fact["customer_id"]].append(fact)
        series = {store_id: weekly(facts) for store_id, facts in by_store.items()}
        if any(first <= week.number <= last for one in series.values() for week in one.weeks):
            parts.append(sales_hash(series, stores, first, last))
    return fingerprint([*parts, first, last]) if parts else None


def _facts(row: Document, stores: Sequence[str], sku: str) -> Iterator[Document]:
    around = timedelta(weeks=AROUND_WEEKS)
    part = SalesFilter(Source(row["source"]), stores, [sku], row["start"] - around, row["end"] + around)
    return sales.find(part, FACT_FIELDS)
