import numpy as np

from ai.data.panel import Panel
from ai.features.design import blocks_of, design_of, traces_of
from ai.features.lags import lag_columns, lagged
from ai.features.promotions import usual_log_price


def test_lags_never_look_forward() -> None:
    values = np.array([[1.0, 2.0, 3.0]])
    assert lagged(values, 1).tolist() == [[0.0, 1.0, 2.0]]
    for column in lag_columns(values, values):
        assert column.values[0, 0] == 0


def test_a_history_shorter_than_the_longest_lag_is_fine() -> None:
    assert len(lag_columns(np.ones((1, 2)), np.ones((1, 2)))) == 8


def test_without_promotion_nothing_of_the_own_promotion_is_left(panel: Panel) -> None:
    block = blocks_of(panel)[0]
    design = design_of(panel, block, usual_log_price(panel, block.series), panel.first_week)
    nothing = np.zeros((len(block.series), panel.weeks), bool)
    rows, weeks = np.arange(len(block.series)), np.arange(panel.weeks)
    off = design.without_promotion(rows, weeks, traces_of(panel, block, nothing))
    rest = ~(design.own | design.after)
    assert np.abs(design.values[..., design.own]).sum() > 0
    assert np.abs(off[..., design.own | design.after]).sum() == 0
    assert np.array_equal(off[..., rest], design.values[..., rest])


def test_the_other_products_of_the_category_are_rivals(panel: Panel) -> None:
    block = next(b for b in blocks_of(panel) if b.product_id == "prd_a")
    assert sorted(product for product, _ in block.rivals) == ["prd_b", "prd_c"]


def test_no_column_holds_nan(panel: Panel) -> None:
    for block in blocks_of(panel):
        assert np.isfinite(design_of(panel, block, usual_log_price(panel, block.series), panel.first_week).values).all()
