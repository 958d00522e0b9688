"""The forecast model in the ten published rounds: one error for each objective, bands, seconds."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from typing import Any

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.orange_juice import HORIZONS, ORIGINS, SAMPLES, Answers, in_sample, run_rounds
from ai.evaluation.scores import coverage, pinball, score
from ai.features.forecast_rows import ForecastRows
from ai.features.market import market_of
from ai.models.forecast import Forecaster, fit_forecast
from ai.models.spread import PROBABILITIES


def _one_round(panel: Panel, origin: int, threads: int) -> tuple[Answers, float]:
    """The answers of one round, and the processor seconds of its training."""
    seconds = 0.0

    def forecast(known: Panel, column: int, targets: tuple[int, ...]) -> np.ndarray:
        nonlocal seconds
        began = time.process_time()
        model = fit_forecast(known, HORIZONS, threads)
        seconds = time.process_time() - began
        found = Forecaster(model, ForecastRows(market_of(known))).forecast(column, targets, np.arange(len(known.series)))
        return np.concatenate([found.mean[..., None], found.mape[..., None], found.quantiles], axis=-1)

    return run_rounds(panel, forecast, (origin,)), seconds


def forecast_rounds(panel: Panel, origins: tuple[int, ...] = ORIGINS, threads: int = 1, processes: int = 2) -> dict[str, Any]:
    """Scores by objective, coverage by band, pinball loss, and the processor seconds of each round's training."""
    with ProcessPoolExecutor(processes) as pool:
        rounds = [pool.submit(_one_round, panel, origin, threads) for origin in origins]
        parts, seconds = zip(*(one.result() for one in rounds), strict=True)
    fields = ("series", "week", "actual", "predicted")
    answers = Answers(*(np.concatenate([getattr(part, name) for part in parts]) for name in fields))
    mean, mape, quantiles = answers.predicted[:, 0], answers.predicted[:, 1], answers.predicted[:, 2:]
    said = np.isfinite(mean)
    samples = {name: in_sample(panel, answers, name) for name in SAMPLES}
    return {
        "same_cells": {
            name: asdict(score(answers.actual[chosen], mape[chosen])) for name, chosen in samples.items() if chosen.any()
        },
        "cells": len(answers.actual),
        "answered": int(said.sum()),
        "objective": {
            "mean": asdict(score(answers.actual, mean)),
            "median": asdict(score(answers.actual, quantiles[:, len(PROBABILITIES) // 2])),
            "mape": asdict(score(answers.actual, mape)),
        },
        "coverage": {
            "50": coverage(answers.actual, quantiles[:, 2], quantiles[:, 4]),
            "80": coverage(answers.actual, quantiles[:, 1], quantiles[:, 5]),
            "95": coverage(answers.actual, quantiles[:, 0], quantiles[:, 6]),
        },
        "pinball": pinball(answers.actual[said], quantiles[said], PROBABILITIES),
        "training_cpu_seconds": [round(value, 1) for value in seconds],
    }
