"""Fits, measures and calibrates a model from a panel; the only place where these steps are put in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.holdout import calibration_of, hold_out, metrics_of, smearing_of
from ai.evaluation.peers import peer_errors
from ai.evaluation.placebo import measure_placebos
from ai.models.loglinear import BlockModel, LogLinearModel, fit_blocks


class TooLittleData(Exception):
    """No product has enough sales for a model; the message says what is needed."""


def train_model(panel: Panel, progress: Callable[[float, str], None] = lambda _share, _step: None) -> LogLinearModel:
    """A fitted, calibrated model with the metrics measured on weeks it had not seen."""
    progress(0.1, "measuring on hidden weeks")
    held = hold_out(panel)
    progress(0.7, "fitting on all weeks")
    models, origin = fit_blocks(panel)
    usable = [model for model in models.values() if not model.refusal]
    if not usable:
        reasons = "; ".join(sorted({model.refusal for model in models.values()})[:3])
        raise TooLittleData(f"no product can be modelled yet: {reasons}")
    smearing = smearing_of(held.single, max(len(held.keys), len(models)))
    smeared = {key: replace(model, smearing=float(smearing[n])) for n, (key, model) in enumerate(models.items())}
    progress(0.9, "comparing with simple baselines")
    metrics = metrics_of(held)
    metrics["peers"] = peer_errors(panel)
    metrics["blocks"] = {"modelled": len(usable), "refused": len(models) - len(usable)}
    metrics["shared_share_of_variance"] = round(float(np.mean([_shared_share(m) for m in usable])), 3)
    model = LogLinearModel(
        origin=origin,
        first_week=panel.first_week,
        last_week=panel.last_week,
        blocks=smeared,
        calibration=calibration_of(held, smearing),
        metrics=metrics,
    )
    progress(0.95, "trying weeks in which nothing happened")
    return replace(model, placebos=measure_placebos(panel, model))


def _shared_share(model: BlockModel) -> float:
    """Share of the unexplained variance that all stores have in common."""
    fitted = model.fit
    return float(fitted.shared_variance / (fitted.shared_variance + fitted.single_variance))
