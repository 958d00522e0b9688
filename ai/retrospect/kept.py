"""The newest look back of each source of sales on the volume: facts as JSON, what was said as arrays."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from ai.registry.manifest import write_atomically
from ai.retrospect.look_back import OBJECTIVES, Errors, Said, errors_of

FOLDER = "evaluations"
FORMAT = 1
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Report:
    """What a look back found. model: the one that served then; the hidden weeks' model is fitted in the same way."""

    model: str
    source: str
    at: str
    start: str
    end: str
    shared: float
    all: dict[str, Any]
    leads: dict[str, dict[str, Any]]
    chain: dict[str, Any]
    format: int = FORMAT


def errors_as_facts(errors: Errors | None) -> dict[str, Any]:
    """Shares rounded to four places; empty where nothing could be measured."""
    if errors is None:
        return {}
    objective = {
        name: {key: value if key == "cells" else round(value, 4) for key, value in asdict(errors.objective[name]).items()}
        for name in OBJECTIVES
    }
    return {"objective": objective, "coverage80": _share(errors.coverage80), "coverage95": _share(errors.coverage95)}


def _share(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None


def save(folder: Path, report: Report, said: Said) -> None:
    """Arrays first, then the facts that name them, so that a reader never sees half."""
    place = folder / FOLDER
    place.mkdir(parents=True, exist_ok=True)
    name = f"{report.source}-{report.at.replace(':', '')}.npz"
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, weeks=said.weeks, actual=said.actual.astype(np.float32), mean=said.mean.astype(np.float32),
        mape=said.mape.astype(np.float32), quantiles=said.quantiles.astype(np.float32),
    )  # fmt: skip
    (place / name).write_bytes(buffer.getvalue())
    facts = {"report": asdict(report), "series": said.series, "leads": said.leads, "arrays": name}
    write_atomically(place / f"{report.source}.json", json.dumps(facts, allow_nan=False))
    for old in place.glob(f"{report.source}-*.npz"):
        if old.name != name:
            old.unlink(missing_ok=True)


def read_report(folder: Path, source: str) -> Report | None:
    """The facts alone; None when there is none, or none that can be read."""
    facts = _facts(folder, source)
    return None if facts is None else Report(**facts["report"])


def read(folder: Path, source: str) -> tuple[Report, Said] | None:
    """Report and what was said; None when there is none, or none that can be read."""
    facts = _facts(folder, source)
    if facts is None:
        return None
    try:
        with np.load(folder / FOLDER / str(facts["arrays"]), allow_pickle=False) as archive:
            parts = {name: archive[name].astype(float) for name in ("actual", "mean", "mape", "quantiles")}
            weeks = archive["weeks"].astype(int)
    except (OSError, ValueError, KeyError) as error:
        log.error("look_back_unreadable", source=source, error=str(error), remedy="POST /v1/evaluate")
        return None
    series = [(str(customer), str(product)) for customer, product in facts["series"]]
    return Report(**facts["report"]), Said(series, weeks, leads=tuple(facts["leads"]), **parts)


def _facts(folder: Path, source: str) -> dict[str, Any] | None:
    try:
        facts = json.loads((folder / FOLDER / f"{source}.json").read_text(encoding="utf-8"))
        if facts["report"]["format"] != FORMAT:
            raise ValueError(f"format {facts['report']['format']}")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.error("look_back_unreadable", source=source, error=str(error), remedy="POST /v1/evaluate")
        return None
    return dict(facts)


def leads_as_facts(said: Said) -> dict[str, dict[str, Any]]:
    """Errors for each number of weeks ahead."""
    return {str(lead): errors_as_facts(errors_of(said, lead)) for lead in said.leads}
