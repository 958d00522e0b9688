"""Rows of stores drawn together: one row a product at a retailer, forecast origin and target week, and what each store differs.

Most of what a forecast misses is one shock per product and week that all stores of a retailer share (on Dominick's 60 % of the
variance). So the retailer's mean and the stores' deviations from it are learned apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ai.features.forecast_rows import Rows


@dataclass(frozen=True)
class ChainRows:
    """cell (rows,) number of the cell a row belongs to; the others one entry a cell; values are means over the counted rows."""

    cell: np.ndarray
    block: np.ndarray
    origin: np.ndarray
    target: np.ndarray
    names: list[str]
    values: np.ndarray
    counted: np.ndarray  # (rows,) bool

    def mean(self, of_rows: np.ndarray) -> np.ndarray:
        """(cells,) mean over the counted rows of each cell; 0 for a cell without any."""
        cells = len(self.block)
        number = np.bincount(self.cell[self.counted], minlength=cells)
        return np.bincount(self.cell[self.counted], of_rows[self.counted], minlength=cells) / np.maximum(number, 1)

    def deviation(self, of_rows: np.ndarray) -> np.ndarray:
        """(rows,) each row less the mean of its cell."""
        return np.asarray(of_rows - self.mean(of_rows)[self.cell])

    def column(self, name: str) -> np.ndarray:
        return self.values[:, self.names.index(name)]


def chain_rows(rows: Rows, product: np.ndarray, counted: np.ndarray | None = None) -> ChainRows:
    """product: (series,) number of the block; counted: (rows,) which stores make the mean, all by default."""
    block = product[rows.series]
    keys, cell = np.unique(np.stack([block, rows.origin, rows.target], axis=1), axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    counted = np.ones(len(cell), dtype=bool) if counted is None else counted
    values = np.nan_to_num(rows.values[counted]).astype(float)
    order = np.argsort(cell[counted], kind="stable")
    found = np.zeros((len(keys), rows.values.shape[1]))
    present, starts, number = np.unique(cell[counted][order], return_index=True, return_counts=True)
    if len(present):
        found[present] = np.add.reduceat(values[order], starts, axis=0) / number[:, None]
    return ChainRows(cell, keys[:, 0], keys[:, 1], keys[:, 2], rows.names, found, counted)
