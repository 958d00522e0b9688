"""What turns the mean of logs into mean units, and the bands, on invented forecasts of past weeks."""

import numpy as np
import pytest

from ai.features.forecast_rows import Rows
from ai.models.spread import TRAITS, Tried, fit_spread, kinds

NAMES = list(dict.fromkeys((*TRAITS, "display", "weeks_known", "support_near")))
STORES, WEEKS = 20, 40


def tried(ratio: float, wild: float = 1.0, featured: bool = False) -> Tried:
    """One product in twenty stores: units are `ratio` times what was said, in the last week `wild` times that."""
    week = np.tile(np.arange(WEEKS), STORES)
    values = np.zeros((len(week), len(NAMES)), dtype=np.float32)
    values[:, NAMES.index("feature")] = values[:, NAMES.index("deal")] = float(featured)
    rows = Rows(NAMES, values, np.repeat(np.arange(STORES), WEEKS), week - 2, week)
    said = np.full(len(week), 100.0)
    units = said * ratio * np.where(week == WEEKS - 1, wild, 1.0)
    return Tried(rows, np.zeros(len(week), dtype=int), np.log(said), said, said, units)


def test_a_steady_shortfall_is_made_up_but_for_what_the_prior_keeps() -> None:
    assert fit_spread([tried(1.2)]).factor[0] == pytest.approx(1 + 0.2 * WEEKS / (WEEKS + 10), rel=0.01)


def test_one_wild_week_does_not_carry_the_factor() -> None:
    """A plain ratio of sums would be 2.5."""
    assert fit_spread([tried(1.0, wild=60.0)]).factor[0] < 1.1


def test_quiet_promoted_and_featured_weeks_are_apart() -> None:
    quiet, featured = tried(1.0), tried(1.3, featured=True)
    assert set(kinds(quiet.rows)) == {0}
    assert set(kinds(featured.rows)) == {2}
    factor = fit_spread([quiet, featured]).factor
    assert factor[0] == pytest.approx(1.0)
    assert factor[1] == 1.0
    assert factor[2] > 1.2


def test_quantiles_ascend_and_are_not_negative() -> None:
    window = tried(1.1, wild=3.0)
    found = fit_spread([window]).quantiles(window.rows, window.centre)
    assert (np.diff(found, axis=1) >= 0).all()
    assert (found >= 0).all()
