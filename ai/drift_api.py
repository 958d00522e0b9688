"""HTTP of the drift watch."""

from __future__ import annotations

import threading
import weakref
from datetime import date
from typing import Literal, get_args

from flask import Response, request
from pydantic import BaseModel, Field

from ai.drift.look import Drift, look
from ai.drift.shift import State
from ai.exchange import answer, blueprint, model_info, parts
from ai.metrics import Metrics
from ai.models.book import Book
from ai.problems import Invalid, NoForecast
from ai.schemas import ModelInfo, Source, Window
from ai.serving import Ready

_READINGS = {
    "price": "prices, each series against its own middle",
    "price_cut": "how deep prices are cut",
    "deal": "how often a deal is flagged",
    "feature": "how often a product is advertised",
    "display": "how often there is a display",
    "units": "units, each series against its own middle",
}


class FeatureDrift(BaseModel):
    """psi: newest weeks against the training window; usual: what as many weeks of the past stayed under in 95 of 100 cases."""

    feature: str
    reading: str
    state: Literal["stable", "moved", "shifted", "unknown"]
    psi: float | None
    usual: float | None
    mean_before: float | None
    mean_now: float | None
    cells: int


class ErrorDrift(BaseModel):
    """WMAPE (a share) at training and on the weeks since; null, with a reason, where unknown."""

    state: Literal["stable", "moved", "shifted", "unknown"]
    at_training: float | None
    now: float | None
    ratio: float | None
    cells: int
    reason: str


class DriftAnswer(BaseModel):
    model: ModelInfo
    state: Literal["stable", "moved", "shifted", "unknown"]
    newest: Window
    unseen_weeks: int = Field(ge=0)
    features: list[FeatureDrift]
    error: ErrorDrift = Field(description="Of the median forecast, against what the training measured")
    baseline_error: ErrorDrift = Field(description="Of the baseline in quiet weeks, against the year before the training's end")


class DriftWatch:
    """The last look of each source; a new one only when the model or the sales changed."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics, self._guard = metrics, threading.Lock()
        self._held: dict[str, tuple[weakref.ref[Ready], DriftAnswer]] = {}

    def of(self, ready: Ready) -> DriftAnswer:
        """One look at what serves now."""
        with self._guard:
            held = self._held.get(ready.entry.source)
            if held and held[0]() is ready:
                return held[1]
            found = look(ready.panel, date.fromisoformat(ready.entry.window_to), ready.entry.metrics, _book(ready), ready.model)
            told = _told(found, model_info(ready.entry))
            self._held[ready.entry.source] = (weakref.ref(ready), told)
            self._measure(told)
            return told

    def _measure(self, told: DriftAnswer) -> None:
        for one in told.features:
            self._metrics.drift_psi.labels(one.feature, told.model.source).set(float("nan") if one.psi is None else one.psi)
        errors = ((self._metrics.drift_error, told.error), (self._metrics.drift_baseline_error, told.baseline_error))
        for gauge, error in errors:
            gauge.labels(told.model.source).set(float("nan") if error.ratio is None else error.ratio)
        states = (*(one.state for one in told.features), *(error.state for _gauge, error in errors))
        shifted = sum(state == "shifted" for state in states)
        self._metrics.drift_shifted.labels(told.model.source).set(shifted)


def _book(ready: Ready) -> Book | None:
    try:
        return ready.book()
    except NoForecast:
        return None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _told(found: Drift, model: ModelInfo) -> DriftAnswer:
    return DriftAnswer(
        model=model,
        state=found.state,
        newest=Window(start=found.newest[0], end=found.newest[1]),
        unseen_weeks=found.unseen_weeks,
        features=[
            FeatureDrift(
                feature=one.feature, reading=_READINGS[one.feature], state=one.state, cells=one.cells, psi=_rounded(one.psi),
                usual=_rounded(one.usual), mean_before=_rounded(one.mean_before), mean_now=_rounded(one.mean_now),
            )
            for one in found.features
        ],
        error=ErrorDrift(**found.error.__dict__),
        baseline_error=ErrorDrift(**found.baseline_error.__dict__),
    )  # fmt: skip


def asked_source() -> Source:
    """`?source=`; raises Invalid naming the field."""
    given = request.args.get("source", "pos")
    if given not in get_args(Source):
        raise Invalid("There is no such source of sales", [{"field": "source", "message": "use pos or shipment"}])
    return given  # type: ignore[return-value]


@blueprint.get("/drift")
def drift() -> Response:
    """Whether the newest weeks still look like the training window, and whether the model still hits."""
    return answer(parts().drift.of(parts().serving.ready(asked_source())))


assert set(get_args(State)) == {"stable", "moved", "shifted", "unknown"}
