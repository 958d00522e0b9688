"""Writes a fitted model as one .npz and one .json, and reads it back onto whatever sales there are now."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ai.data.panel import Panel
from ai.features.columns import Block
from ai.models.forecast import ForecastModel
from ai.models.level import Variances
from ai.models.loglinear import BlockModel, Calibration, LogLinearModel
from ai.models.placebos import NO_PLACEBOS, Placebos
from ai.models.regression import Fit
from ai.registry.forecast_files import pack_forecast

FORMAT = 1


class UnreadableModel(Exception):
    """The files of a model are missing, damaged or of another format."""


@dataclass(frozen=True)
class StoredModel:
    """A model as it lies on disk: facts and arrays, not yet tied to a panel."""

    facts: dict[str, Any]
    arrays: dict[str, np.ndarray]


def pack(model: LogLinearModel, panel: Panel, forecast: ForecastModel | None = None) -> StoredModel:
    """The model with customers and rivals by id, because series numbers change with the next import.

    forecast: fitted on the same panel; left out where the sales are too short for one.
    """
    arrays: dict[str, np.ndarray] = {
        "calibration.single": model.calibration.single,
        "calibration.shared": model.calibration.shared,
        "calibration.several": model.calibration.several,
        **{f"placebos.{name}": getattr(model.placebos, name) for name in Placebos.__dataclass_fields__},
    }
    blocks = []
    for number, entry in enumerate(model.blocks.values()):
        block = entry.block
        arrays |= {
            f"{number}.coefficients": entry.fit.coefficients,
            f"{number}.covariance": entry.fit.covariance,
            f"{number}.intercepts": entry.fit.intercepts,
            f"{number}.prior_sd": entry.prior_sd,
            f"{number}.usual_price": entry.usual_price,
            f"{number}.modelled": entry.modelled,
        }
        blocks.append(
            {
                "product_id": block.product_id,
                "chain_id": block.chain_id,
                "category_id": block.category_id,
                "brand_id": block.brand_id,
                "customer_ids": [panel.series[series][0] for series in block.series],
                "rivals": [rival for rival, _ in block.rivals],
                "names": entry.names,
                "single_variance": entry.fit.single_variance,
                "shared_variance": entry.fit.shared_variance,
                "shared": entry.shared.as_dict(),
                "own": entry.own.as_dict(),
                "smearing": entry.smearing,
                "refusal": entry.refusal,
            }
        )
    facts = {
        "format": FORMAT,
        "origin": model.origin,
        "first_week": model.first_week,
        "last_week": model.last_week,
        "metrics": model.metrics,
        "features": features_of(model, forecast),
        "blocks": blocks,
    }
    if forecast is not None:
        forecast_facts, forecast_arrays = pack_forecast(forecast, panel)
        facts["forecast"] = forecast_facts
        facts["metrics"] = model.metrics | {"forecast": forecast.metrics}
        arrays |= forecast_arrays
    return StoredModel(facts, arrays)


def features_of(model: LogLinearModel, forecast: ForecastModel | None) -> dict[str, list[str]]:
    """Names of the columns that each part learned from; those of rivals once, whatever the rival."""
    names = (name.partition(":")[0] for block in model.blocks.values() for name in block.names)
    found = {"baseline": list(dict.fromkeys(names))}
    return found | {"forecast": list(forecast.columns)} if forecast else found


def write(stored: StoredModel, folder: Path) -> str:
    """Writes both files into the existing `folder`; returns the SHA-256 over them."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **stored.arrays)
    facts = json.dumps(stored.facts, allow_nan=False).encode()
    (folder / "model.npz").write_bytes(buffer.getvalue())
    (folder / "model.json").write_bytes(facts)
    return hashlib.sha256(facts + buffer.getvalue()).hexdigest()


def read(folder: Path, sha256: str) -> StoredModel:
    """Reads what `write` wrote; raises UnreadableModel when anything is amiss."""
    try:
        facts, packed = (folder / "model.json").read_bytes(), (folder / "model.npz").read_bytes()
        if hashlib.sha256(facts + packed).hexdigest() != sha256:
            raise UnreadableModel(f"{folder.name}: the files are not those that were written")
        content = json.loads(facts)
        if content.get("format") != FORMAT:
            raise UnreadableModel(f"{folder.name}: format {content.get('format')}, this service reads {FORMAT}")
        with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
            return StoredModel(content, {name: archive[name] for name in archive.files})
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableModel(f"{folder.name}: {error}") from error


def bind(stored: StoredModel, panel: Panel) -> LogLinearModel:
    """The model on the series of `panel`; series that have vanished or are new are left out."""
    blocks: dict[tuple[str, str], BlockModel] = {}
    for number, facts in enumerate(stored.facts["blocks"]):
        found = [panel.index.get((customer, facts["product_id"]), -1) for customer in facts["customer_ids"]]
        kept = np.flatnonzero(np.array(found) >= 0)
        if not len(kept):
            continue
        customers = [facts["customer_ids"][row] for row in kept]
        rivals = tuple(
            (rival, np.array([panel.index.get((customer, rival), -1) for customer in customers])) for rival in facts["rivals"]
        )
        # Models of before brands were read say nothing of one; what they learned is in their coefficients.
        names = (facts["product_id"], facts["chain_id"], facts["category_id"])
        block = Block(*names, np.array(found)[kept], rivals, facts.get("brand_id", ""))
        part = {name: stored.arrays[f"{number}.{name}"] for name in ("intercepts", "usual_price", "modelled")}
        blocks[block.key] = BlockModel(
            block=block,
            names=facts["names"],
            prior_sd=stored.arrays[f"{number}.prior_sd"],
            fit=Fit(
                stored.arrays[f"{number}.coefficients"],
                stored.arrays[f"{number}.covariance"],
                part["intercepts"][kept],
                facts["single_variance"],
                facts["shared_variance"],
            ),
            usual_price=part["usual_price"][kept],
            modelled=part["modelled"][kept],
            shared=Variances(**facts["shared"]),
            own=Variances(**facts["own"]),
            smearing=facts["smearing"],
            refusal=facts["refusal"],
        )
    calibration = Calibration(*(stored.arrays[f"calibration.{name}"] for name in ("single", "shared", "several")))
    facts = stored.facts
    return LogLinearModel(
        facts["origin"], facts["first_week"], facts["last_week"], blocks, calibration, facts["metrics"], _placebos(stored.arrays)
    )


def _placebos(arrays: dict[str, np.ndarray]) -> Placebos:
    """A model trained before there were placebos has none, and gives no p-value until the next training."""
    names = [f"placebos.{name}" for name in Placebos.__dataclass_fields__]
    return Placebos(*(arrays[name] for name in names)) if all(name in arrays for name in names) else NO_PLACEBOS
