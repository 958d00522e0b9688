"""A forecast model as facts and arrays beside the baseline's, and back onto whatever sales there are now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ai.data.panel import Panel
from ai.features.columns import Block
from ai.features.design import blocks_of
from ai.features.market import Market, market_of
from ai.models.forecast import AIMS, ForecastModel, Members
from ai.models.ridge import BlockRidge, Ridge
from ai.models.spread import Spread
from ai.models.trees import Booster

_PREFIX = "forecast."
FORMAT = 3


class UnreadableForecast(Exception):
    """The stored model holds no forecast, or one of another format; train again."""


@dataclass(frozen=True)
class BoundForecast:
    """A model on the blocks of a panel, in the order it was fitted on; `seen` marks the series it knows (series,)."""

    model: ForecastModel
    blocks: list[Block]
    seen: np.ndarray


def pack_forecast(model: ForecastModel, panel: Panel) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Facts for the JSON file and arrays for the archive; customers and rivals by id."""
    arrays: dict[str, np.ndarray] = {
        "spread.weights": model.spread.weights,
        "spread.z": model.spread.z,
        "spread.blocks": model.spread.blocks,
        "usual": model.members.ridge["mape"].usual,
    }
    for aim in AIMS:
        arrays[f"trees.{aim}"] = np.frombuffer(model.members.trees[aim].text.encode(), dtype=np.uint8)
        for number, block in enumerate(model.members.ridge[aim].blocks):
            arrays |= {f"{aim}.{number}.{name}": getattr(block, name) for name in BlockRidge.__dataclass_fields__}
    facts = {
        "format": FORMAT,
        "last_week": panel.first_week + model.members.last,
        "horizons": list(model.horizons),
        "tried": model.spread.tried,
        "metrics": model.metrics,
        "blocks": [_block_facts(panel, block) for block in blocks_of(panel)],
        "series": [list(pair) for pair in panel.series],
    }
    return facts, {_PREFIX + name: values for name, values in arrays.items()}


def _block_facts(panel: Panel, block: Block) -> dict[str, Any]:
    return {
        "product_id": block.product_id,
        "chain_id": block.chain_id,
        "category_id": block.category_id,
        "customer_ids": [panel.series[number][0] for number in block.series],
        "rivals": [rival for rival, _ in block.rivals],
    }


def bind_forecast(facts: dict[str, Any], arrays: dict[str, np.ndarray], panel: Panel, threads: int = 1) -> BoundForecast:
    """The model on the series of `panel`. Raises UnreadableForecast."""
    if facts.get("format") != FORMAT:
        raise UnreadableForecast(f"forecast of format {facts.get('format')}, this service reads {FORMAT}")
    kept = {name.removeprefix(_PREFIX): values for name, values in arrays.items() if name.startswith(_PREFIX)}
    usual_of = {tuple(pair): float(value) for pair, value in zip(facts["series"], kept["usual"], strict=True)}
    usual = np.array([usual_of.get(pair, 0.0) for pair in panel.series])
    found = blocks_of(panel)
    blocks, rows_of = _blocks_on(facts, panel, found)
    last = int(facts["last_week"] - panel.first_week)
    ridges = {aim: Ridge(usual, last, [_ridge_on(kept, aim, n, rows) for n, rows in enumerate(rows_of)]) for aim in AIMS}
    trees = {aim: Booster(bytes(kept[f"trees.{aim}"]).decode(), threads) for aim in AIMS}
    widths = kept.get("spread.blocks", np.zeros(0))  # models stored before 0250 have none
    spread = Spread(kept["spread.weights"], kept["spread.z"], int(facts["tried"]), widths)
    seen = np.array([pair in usual_of for pair in panel.series])
    model = ForecastModel(Members(trees, ridges, last), spread, tuple(facts["horizons"]), facts["metrics"])
    return BoundForecast(model, blocks, seen)


def _blocks_on(facts: dict[str, Any], panel: Panel, found: list[Block]) -> tuple[list[Block], list[np.ndarray | None]]:
    """The stored blocks on the panel's series, then blocks the model has not met (None); rows are those of the stored series."""
    by_key = {block.key: block for block in found}
    blocks: list[Block] = []
    rows_of: list[np.ndarray | None] = []
    for stored in facts["blocks"]:
        now = by_key.pop((stored["product_id"], stored["chain_id"]), None)
        series = now.series if now else np.zeros(0, dtype=int)
        customers = [panel.series[number][0] for number in series]
        rivals = tuple(
            (rival, np.array([panel.index.get((customer, rival), -1) for customer in customers], dtype=int))
            for rival in stored["rivals"]
        )
        blocks.append(Block(stored["product_id"], stored["chain_id"], stored["category_id"], series, rivals))
        place = {customer: row for row, customer in enumerate(stored["customer_ids"])}
        rows_of.append(np.array([place.get(customer, -1) for customer in customers], dtype=int))
    for block in by_key.values():
        blocks.append(Block(block.product_id, block.chain_id, block.category_id, block.series, ()))
        rows_of.append(None)
    return blocks, rows_of


def _ridge_on(kept: dict[str, np.ndarray], aim: str, number: int, rows: np.ndarray | None) -> BlockRidge:
    """The stored coefficients with the intercepts of today's series; a series it does not know gets the middle one."""
    if rows is None:
        return BlockRidge.unknown()
    parts = {name: kept[f"{aim}.{number}.{name}"] for name in BlockRidge.__dataclass_fields__}
    stored = parts["intercepts"]
    middle = float(np.median(stored)) if len(stored) else 0.0
    parts["intercepts"] = np.array([stored[row] if row >= 0 else middle for row in rows])
    return BlockRidge(**parts)


def forecast_market(panel: Panel, bound: BoundForecast) -> Market:
    """The market of a panel with the same series as the one `bound` was made for, in the model's order of blocks."""
    return market_of(panel, bound.blocks)
