"""The baseline's error since the training: as before where nothing changed, seen where quiet sales changed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from ai.data.panel import Panel, SalesColumns
from ai.data.weeks import monday_of
from ai.drift.baseline_error import Missed, before_and_since, runs_of
from ai.drift.look import Drift, look
from ai.models.loglinear import LogLinearModel

pytestmark = pytest.mark.slow  # models are trained here
SINCE = 8
Fit = Callable[[Panel], LogLinearModel]
Keep = Callable[[SalesColumns, np.ndarray], SalesColumns]


def trained_before(panel: Panel, quick_model: Fit) -> LogLinearModel:
    """A model that has not seen the newest SINCE weeks, on a panel that holds them."""
    seen = panel.weeks - SINCE
    names = ("units", "price", "price_regular", "cost", "cost_regular", "deal", "feature", "display", "promoted")
    return quick_model(replace(panel, **{name: getattr(panel, name)[:, :seen] for name in names}))


def looked(panel: Panel, quick_model: Fit) -> Drift:
    trained_to = monday_of(panel.last_week) - timedelta(weeks=SINCE)
    return look(panel, trained_to, {}, None, trained_before(panel, quick_model))


def wild(sales: SalesColumns) -> SalesColumns:
    """The newest weeks scatter as no week did before."""
    rng = np.random.default_rng(3)
    newest = sales.period > sales.period.max() - (SINCE - 0.5) * 7 * 86_400
    return replace(sales, units=np.rint(sales.units * np.where(newest, np.exp(rng.normal(0, 0.8, len(sales))), 1.0)))


def test_a_market_that_goes_on_as_before_is_hit_as_before(panel: Panel, quick_model: Fit) -> None:
    found = looked(panel, quick_model).baseline_error
    assert found.state == "stable"
    assert found.at_training is not None
    assert 0.05 < found.at_training < 0.3
    assert found.ratio == pytest.approx(1.0, abs=0.25)


def test_sales_that_scatter_more_make_the_whole_look_shifted(make_panel: Callable[..., Panel], quick_model: Fit) -> None:
    found = looked(make_panel(wild), quick_model)
    assert found.baseline_error.state == "shifted"
    assert found.state == "shifted"


def test_only_quiet_weeks_count(make_panel: Callable[..., Panel], quick_model: Fit) -> None:
    """What promoted weeks sold says nothing about the baseline."""

    def wild_deals(sales: SalesColumns) -> SalesColumns:
        return replace(sales, units=np.where(sales.deal > 0, wild(sales).units, sales.units))

    plain, deals = make_panel(), make_panel(wild_deals)
    model = trained_before(plain, quick_model)
    _before, since = before_and_since(plain, model, plain.weeks - SINCE - 1, SINCE)
    assert since.cells == int(plain.quiet[:, -SINCE:].sum())
    assert looked(deals, quick_model).baseline_error.state == "stable"


def test_what_comes_after_a_run_does_not_help_it(make_panel: Callable[..., Panel], quick_model: Fit) -> None:
    panel = make_panel()
    model = trained_before(panel, quick_model)
    before, _since = before_and_since(panel, model, panel.weeks - SINCE - 1, SINCE)
    changed = make_panel(wild)
    again, _since = before_and_since(changed, model, panel.weeks - SINCE - 1, SINCE)
    assert again == before


def test_a_model_that_has_seen_everything_says_so(panel: Panel, quick_model: Fit) -> None:
    found = look(panel, monday_of(panel.last_week), {}, None, quick_model(panel)).baseline_error
    assert (found.state, found.ratio) == ("unknown", None)
    assert "every week" in found.reason


def test_runs_cover_each_week_once() -> None:
    assert [run.tolist() for run in runs_of(3, 13)] == [[3, 4, 5, 6], [7, 8, 9, 10], [11, 12]]
    assert runs_of(5, 5) == []
    assert Missed().wmape is None
