"""One look at drift: features of the newest weeks, and the serving models' errors on weeks that came after their training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from ai.data.panel import Panel
from ai.data.weeks import monday_of, week_number
from ai.drift.baseline_error import before_and_since
from ai.drift.shift import FEWEST_CELLS, NEWEST_WEEKS, Shift, State, shifts_of
from ai.models.book import Book
from ai.models.loglinear import LogLinearModel
from ai.retrospect.look_back import HIDDEN_WEEKS, errors_of, said_of

ERROR_MOVED, ERROR_SHIFTED = 1.25, 1.5  # times the error measured at training
_ORDER: tuple[State, ...] = ("unknown", "stable", "moved", "shifted")


@dataclass(frozen=True)
class ErrorShift:
    """WMAPE at training and since, on weeks the model has not seen; ratio of the two.

    Of the forecast its median, as measured by the training; of the baseline see ai.drift.baseline_error.
    """

    state: State
    at_training: float | None
    now: float | None
    ratio: float | None
    cells: int
    reason: str


@dataclass(frozen=True)
class Drift:
    """newest: Mondays of the first and last week looked at; unseen_weeks came after the training."""

    state: State
    newest: tuple[date, date]
    unseen_weeks: int
    features: list[Shift]
    error: ErrorShift
    baseline_error: ErrorShift


def look(panel: Panel, trained_to: date, metrics: dict[str, Any], book: Book | None, baseline: LogLinearModel) -> Drift:
    """`trained_to`: Monday of the last week that the models learned from; `metrics`: theirs; book: None without a forecast."""
    last_seen = week_number(trained_to) - panel.first_week
    newest = np.arange(max(panel.weeks - NEWEST_WEEKS, 0), panel.weeks)
    before = np.arange(0, min(last_seen + 1, int(newest[0])))
    features = shifts_of(panel, newest, before)
    unseen = max(panel.weeks - 1 - last_seen, 0)
    error = _error(book, unseen, metrics)
    baseline_error = _baseline_error(panel, baseline, last_seen, unseen)
    state = max((*(one.state for one in features), error.state, baseline_error.state), key=_ORDER.index)
    first, last = (monday_of(panel.first_week + int(week)) for week in (newest[0], newest[-1]))
    return Drift(state, (first, last), unseen, features, error, baseline_error)


def _error(book: Book | None, unseen: int, metrics: dict[str, Any]) -> ErrorShift:
    at_training = ((metrics.get("forecast") or {}).get("objective") or {}).get("median", {}).get("wmape")
    if book is None or at_training is None:
        return ErrorShift("unknown", None, None, None, 0, "the model holds no forecast whose error was measured")
    if not unseen:
        return ErrorShift("unknown", at_training, None, None, 0, "the model has learned from every week there is")
    panel = book.panel
    targets = np.arange(panel.weeks - min(unseen, HIDDEN_WEEKS), panel.weeks)
    found = errors_of(said_of(panel, book.bound.model, book.bound.blocks, targets))
    cells = found.objective["median"].cells if found else 0
    if found is None or cells < FEWEST_CELLS:
        return ErrorShift("unknown", at_training, None, None, cells, "too few sales since the training")
    return _shift(at_training, found.objective["median"].wmape, cells)


def _baseline_error(panel: Panel, baseline: LogLinearModel, last_seen: int, unseen: int) -> ErrorShift:
    if not unseen:
        return ErrorShift("unknown", None, None, None, 0, "the model has learned from every week there is")
    before, since = before_and_since(panel, baseline, last_seen, HIDDEN_WEEKS)
    if before.wmape is None or before.cells < FEWEST_CELLS:
        return ErrorShift("unknown", None, None, None, since.cells, "too few quiet weeks before the training's end")
    at_training = round(before.wmape, 4)
    if since.wmape is None or since.cells < FEWEST_CELLS:
        return ErrorShift("unknown", at_training, None, None, since.cells, "too few quiet weeks since the training")
    return _shift(at_training, since.wmape, since.cells)


def _shift(at_training: float, now: float, cells: int) -> ErrorShift:
    ratio = now / at_training if at_training > 0 else math.inf
    state: State = "shifted" if ratio >= ERROR_SHIFTED else "moved" if ratio >= ERROR_MOVED else "stable"
    return ErrorShift(state, at_training, round(now, 4), round(min(ratio, 1e6), 3), cells, "")
