"""The bands, on invented forecasts of past weeks."""

from dataclasses import replace

import numpy as np
import pytest

from ai.evaluation.scores import coverage
from ai.features.forecast_rows import Rows
from ai.models.spread import TRAITS, Tried, fit_spread

NAMES = list(dict.fromkeys((*TRAITS, "display", "weeks_known", "support_near", "product")))
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


def of_product(number: int, window: Tried, weeks_later: int = 0) -> Tried:
    values = window.rows.values.copy()
    values[:, NAMES.index("product")] = number
    rows = Rows(NAMES, values, window.rows.series, window.rows.origin + weeks_later, window.rows.target + weeks_later)
    return replace(window, rows=rows)


def test_a_product_that_strays_further_has_wider_bands_and_one_not_met_the_usual_ones() -> None:
    steady, wild = of_product(0, tried(0.2)), of_product(1, tried(0.8))
    spread = fit_spread([steady, wild])
    scales = [spread.scale(window.rows).mean() for window in (steady, of_product(7, steady), wild)]
    assert scales[2] / scales[0] == pytest.approx(4.0, rel=0.2)
    assert scales[0] < scales[1] < scales[2]


def test_a_product_seen_in_few_weeks_is_drawn_to_the_others() -> None:
    often, seldom = of_product(0, tried(0.1)), of_product(1, tried(0.4))
    few = seldom.rows.target < 2
    short = Tried(seldom.rows.take(few), *(getattr(seldom, name)[few] for name in ("centre", "mape", "mean", "units")))
    wider = [np.diff(fit_spread([often, window]).blocks)[0] for window in (seldom, short)]
    assert 0 < wider[1] < 0.6 * wider[0]


def test_what_was_missed_lately_counts_most() -> None:
    calm, wild = tried(0.1), tried(0.4)
    widths = []
    for windows in ([of_product(0, wild), of_product(0, calm, WEEKS)], [of_product(0, calm), of_product(0, wild, WEEKS)]):
        found = fit_spread(windows).quantiles(calm.rows, calm.centre)
        widths.append(np.log(found[:, 5] / found[:, 1]).mean())
    assert widths[1] > 1.5 * widths[0]
