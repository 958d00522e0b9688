import numpy as np
import pytest

from ai.features.chain_rows import chain_rows
from ai.features.forecast_rows import Rows


@pytest.fixture
def rows() -> Rows:
    """Two products of two stores each in one week, and the first product once more in the next."""
    return Rows(
        names=["depth", "level_slow"],
        values=np.array([[0.1, 1], [0.3, 3], [0.0, 5], [np.nan, 7], [0.5, 2]], dtype=np.float32),
        series=np.array([0, 1, 2, 3, 0]),
        origin=np.array([8, 8, 8, 8, 8]),
        target=np.array([10, 10, 10, 10, 11]),
    )


PRODUCT = np.array([0, 0, 1, 1])


def test_a_cell_is_a_product_an_origin_and_a_week(rows: Rows) -> None:
    cells = chain_rows(rows, PRODUCT)
    assert cells.block.tolist() == [0, 0, 1]
    assert cells.target.tolist() == [10, 11, 10]
    assert cells.column("level_slow") == pytest.approx([2, 2, 6])
    assert cells.column("depth") == pytest.approx([0.2, 0.5, 0.0])


def test_mean_and_deviation_give_the_row_again(rows: Rows) -> None:
    cells = chain_rows(rows, PRODUCT)
    units = np.array([3.0, 5.0, 1.0, 2.0, 8.0])
    assert np.allclose(cells.mean(units)[cells.cell] + cells.deviation(units), units)
    assert np.allclose(cells.mean(cells.deviation(units)), 0)


def test_only_counted_stores_make_the_mean_but_all_have_a_deviation(rows: Rows) -> None:
    cells = chain_rows(rows, PRODUCT, np.array([True, False, True, True, False]))
    assert cells.column("level_slow") == pytest.approx([1, 0, 6])
    assert cells.deviation(np.array([1.0, 4.0, 0.0, 0.0, 2.0])) == pytest.approx([0, 3, 0, 0, 2])
