"""The forecast model in the ten published rounds: one error for each objective, bands, seconds."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.orange_juice import HORIZONS, ORIGINS, run_rounds
from ai.evaluation.scores import coverage, pinball, score
from ai.features.forecast_rows import ForecastRows
from ai.features.market import market_of
from ai.models.forecast import Forecaster, fit_forecast
from ai.models.spread import PROBABILITIES


def forecast_rounds(panel: Panel, origins: tuple[int, ...] = ORIGINS, threads: int = 1) -> dict[str, Any]:
    """Scores by objective, coverage by band, pinball loss, and the processor seconds of each round's training."""
    seconds: list[float] = []

    def forecast(known: Panel, origin: int, targets: tuple[int, ...]) -> np.ndarray:
        began = time.process_time()
        model = fit_forecast(known, HORIZONS, threads)
        seconds.append(time.process_time() - began)
        found = Forecaster(model, ForecastRows(market_of(known))).forecast(origin, targets, np.arange(len(known.series)))
        return np.concatenate([found.mean[..., None], found.mape[..., None], found.quantiles], axis=-1)

    answers = run_rounds(panel, forecast, origins)
    mean, mape, quantiles = answers.predicted[:, 0], answers.predicted[:, 1], answers.predicted[:, 2:]
    said = np.isfinite(mean)
    return {
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
