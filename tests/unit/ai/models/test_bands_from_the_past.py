"""The bands, on invented forecasts of past weeks."""

import numpy as np
import pytest

from ai.evaluation.scores import coverage
from ai.features.forecast_rows import Rows
from ai.models.spread import TRAITS, Tried, fit_spread

NAMES = list(dict.fromkeys((*TRAITS, "display", "weeks_known", "support_near")))
STORES, WEEKS = 40, 40


def tried(spread: float, featured: bool = False, wild: float = 1.0) -> Tried:
    """One product in forty stores: units stray from what was said by `spread` in logs, in the last week by `wild` times that."""
    week = np.tile(np.arange(WEEKS), STORES)
    values = np.zeros((len(week), len(NAMES)), dtype=np.float32)
    values[:, NAMES.index("feature")] = values[:, NAMES.index("deal")] = float(featured)
    rows = Rows(NAMES, values, np.repeat(np.arange(STORES), WEEKS), week - 2, week)
    said = np.full(len(week), 100.0)
    strayed = np.random.default_rng(3).normal(0, spread, len(week)) * np.where(week == WEEKS - 1, wild, 1.0)
    return Tried(rows, np.log(said), said, said, said * np.exp(strayed))


def test_quantiles_ascend_and_are_not_negative() -> None:
    window = tried(0.3, wild=9.0)
    found = fit_spread([window]).quantiles(window.rows, window.centre)
    assert (np.diff(found, axis=1) >= 0).all()
    assert (found >= 0).all()


def test_bands_hold_a_little_more_than_their_share_of_what_they_were_measured_on() -> None:
    window = tried(0.3)
    found = fit_spread([window]).quantiles(window.rows, window.centre)
    assert 0.80 < coverage(window.units, found[:, 1], found[:, 5]) < 0.85
    assert 0.95 < coverage(window.units, found[:, 0], found[:, 6]) < 0.98


def test_featured_weeks_have_bands_of_their_own() -> None:
    quiet, featured = tried(0.1), tried(0.5, featured=True)
    spread = fit_spread([quiet, featured])
    bands = [spread.quantiles(window.rows, window.centre) for window in (quiet, featured)]
    widths = [np.log(found[:, 5] / found[:, 1]).mean() for found in bands]
    assert widths[1] / widths[0] == pytest.approx(5.0, rel=0.15)
