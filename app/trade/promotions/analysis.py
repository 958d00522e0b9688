"""Has promotions taken apart by the AI service and keeps what it found; what it refuses keeps its reason."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from app.core.cache import changing
from app.core.clock import midnight, now
from app.core.errors import Invalid
from app.core.events import emit
from app.core.i18n import _
from app.core.jobs import Progress
from app.core.logging import get_logger
from app.core.mongo import Document
from app.trade.customers.store import nodes as customers
from app.trade.products.store import nodes as products
from app.trade.promotions import store
from app.trade.promotions.ai_client import AiClient
from app.trade.promotions.models import AnalysisState

# Store-weeks asked for in one call: keeps the answer to a second or two and the progress bar moving.
_STORES_A_CALL = 1500
_MAX_PROMOTIONS_A_CALL = 60
_INTERVALS = ("incremental_units", "post_dip_units", "net_incremental_units", "cannibalised_units", "halo_units")
# Raised when what is counted changes: results of an older account are worked out again with the next look at the sales.
ACCOUNT = 2
_MONEY = (
    "incremental_margin",
    "other_products_margin",
    "spend",
    "funding_kept",
    "net",
    "net_lo80",
    "net_hi80",
    "roi",
    "roi_lo80",
    "roi_hi80",
)

log = get_logger(__name__)


@dataclass
class Outcome:
    """How many promotions were analysed, refused by the model, or changed meanwhile and left waiting."""

    done: int = 0
    refused: int = 0
    overtaken: int = 0

    def as_dict(self) -> dict[str, int]:
        """For events and job results."""
        return {"done": self.done, "refused": self.refused, "overtaken": self.overtaken}


def analyse(
    progress: Progress, ai: AiClient, ids: Sequence[str] | None = None, alive: Callable[[], object] = lambda: None
) -> Outcome:
    """Analyse all that wait (of `ids` when given), whole chains first.

    Raises Unavailable when the AI service does not answer: what was done is stored, the rest goes on waiting.
    """
    outcome = Outcome()
    rows = list(store.waiting(ids))
    done = 0
    for batch in _batches(rows):
        progress.report(done, len(rows), _("Analysing promotions"))
        progress.stop_if_cancelled()
        alive()
        for row, result in _ask(ai, batch):
            _keep(row, result, outcome)
        done += len(batch)
    progress.report(len(rows), len(rows), _("Analysing promotions"))
    return outcome


def _batches(rows: Sequence[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    stores = 0
    for row in rows:
        size = max(1, len(row.get("customer_ids") or ()), int(row.get("store_count") or 1))
        other_source = bool(batch) and batch[0]["source"] != row["source"]
        if batch and (other_source or stores + size > _STORES_A_CALL or len(batch) == _MAX_PROMOTIONS_A_CALL):
            yield batch
            batch, stores = [], 0
        batch.append(row)
        stores += size
    if batch:
        yield batch


def _ask(ai: AiClient, batch: Sequence[Document]) -> Iterator[tuple[Document, Mapping[str, Any]]]:
    """Each promotion with its result; one that makes the whole question invalid is asked for alone and keeps the reason."""
    asked = [question(row) for row in batch]
    try:
        results = {result["id"]: result for result in ai.uplift(asked, batch[0]["source"])}
    except Invalid as error:
        if len(batch) == 1:
            yield batch[0], {"status": AnalysisState.FAILED.value, "reason": error.detail}
            return
        for row in batch:
            yield from _ask(ai, [row])
        return
    for row in batch:
        missing = {"status": AnalysisState.FAILED.value, "reason": _("The AI service gave no answer for it.")}
        yield row, results.get(row["_id"], missing)


def question(row: Document) -> dict[str, Any]:
    """The promotion as the AI service is asked about it."""
    costs = row.get("costs") or {}
    return {
        "id": row["_id"],
        "customer_ids": row["customer_ids"] or customers.below(row["customer_id"]),
        "product_ids": skus_of(row["product_ids"]),
        "start": row["start"].date().isoformat(),
        "end": row["end"].date().isoformat(),
        "pre_weeks": row.get("pre_weeks", 6),
        "post_weeks": row.get("post_weeks", 6),
        "costs": {name: _text(costs.get(name)) for name in ("fixed", "per_unit")},
    }


def skus_of(product_ids: Sequence[str]) -> list[str]:
    """The SKUs among and below the products."""
    found: dict[str, None] = {}
    for product_id in product_ids:
        for sku in products.below(product_id, "sku"):
            found[sku] = None
    return list(found)


def _keep(row: Document, result: Mapping[str, Any], outcome: Outcome) -> None:
    changes = as_stored(result)
    with changing("promotions"):
        kept = store.set_analysis(row, changes)
    state = changes["analysis"]["state"]
    if not kept:
        outcome.overtaken += 1
    elif state == AnalysisState.DONE:
        outcome.done += 1
    else:
        outcome.refused += 1
    emit(f"promotions/{row['_id']}", "promotion.analysed", {"id": row["_id"], "state": state})


def as_stored(result: Mapping[str, Any]) -> Document:
    """The AI service's answer as the fields of the promotion: units as numbers, money exact, the sorted ones flat."""
    if result["status"] != "ok":
        failed = result["status"] == AnalysisState.FAILED.value
        state = AnalysisState.FAILED if failed else AnalysisState.REFUSED
        return {
            "analysis": {"state": state.value, "reason": result.get("reason"), "at": now(), "model": _model(result)},
            **store.UNANALYSED,
        }
    manufacturer, retailer = exact_side(result.get("manufacturer")), exact_side(result.get("retailer"))
    analysis = {
        "state": AnalysisState.DONE.value,
        "reason": None,
        "at": now(),
        "account": ACCOUNT,
        "model": _model(result),
        "actual_units": result.get("actual_units"),
        "baseline_units": result.get("baseline_units"),
        **{name: result.get(name) for name in _INTERVALS},
        "total_units": result.get("total_units"),
        "placebo_p_value": result.get("placebo_p_value"),
        "manufacturer": manufacturer,
        "retailer": retailer,
        "warnings": list(result.get("warnings") or ()),
        "weeks": [_week(week) for week in result.get("weeks") or ()],
    }
    return {
        "analysis": analysis,
        "incremental_units": (result.get("incremental_units") or {}).get("mean"),
        "net_incremental_units": (result.get("net_incremental_units") or {}).get("mean"),
        "spend": manufacturer.get("spend"),
        "margin": _margin(manufacturer),
        "net": manufacturer.get("net"),
        "roi_manufacturer": manufacturer.get("roi"),
        "roi_retailer": retailer.get("roi"),
    }


def _margin(side: Document) -> Decimal128 | None:
    """What the return is counted on: the margin on the extra units and that of other products."""
    parts = [side[name].to_decimal() for name in ("incremental_margin", "other_products_margin") if side.get(name) is not None]
    return Decimal128(sum(parts, Decimal(0))) if parts else None


def _model(result: Mapping[str, Any]) -> Document | None:
    """What of the model is kept with each promotion: which one, and its error on weeks it had not seen."""
    model = result.get("model")
    if not model:
        return None
    chain = (model.get("metrics") or {}).get("chain") or {}
    return {
        "id": model.get("id"),
        "fitted_at": model.get("fitted_at"),
        "window": model.get("window"),
        "wmape": chain.get("wmape"),
        "coverage80": chain.get("coverage80"),
    }


def exact_side(side: Mapping[str, Any] | None) -> Document:
    """One side's account with its money exact; `missing` when there is none."""
    if not side:
        return {"missing": "answer"}
    stored = dict(side)
    for name in _MONEY:
        if name in stored:
            stored[name] = _exact(stored[name])
    return stored


def _week(week: Mapping[str, Any]) -> Document:
    stored = {**week, "week": midnight(date.fromisoformat(str(week["week"])[:10]))}
    for name in ("price", "price_regular"):
        stored[name] = _exact(week.get(name))
    return stored


def _exact(value: Any) -> Decimal128 | None:
    return None if value is None else Decimal128(Decimal(str(value)))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def fit_models_if_older(
    progress: Progress,
    ai: AiClient,
    ids: Sequence[str] | None,
    than: datetime | None,
    alive: Callable[[], object] = lambda: None,
) -> None:
    """For each source that waits: have its model fitted when there is none, or when sales changed since it was."""

    def watch(share: float, _step: str) -> None:
        progress.report(round(share * 100), 100, _("Fitting the model to the sales"))
        progress.stop_if_cancelled()
        alive()

    for source in sorted({row["source"] for row in store.waiting(ids)}):
        model = ai.last_fitted(source)
        if model is None or (than is not None and datetime.fromisoformat(str(model["fitted_at"])) < than):
            ai.train(source, watch)
