"""`python -m ai.evaluation.serving_memory fit|serve FOLDER STORES PRODUCTS WEEKS`: memory of a process that only answers.

The model is fitted by one process and served by another, as in the appliance, so that what training needs is not counted. The
sales are invented; the serving process reads them from a file, document by document, as it reads them from the database.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from bson.decimal128 import Decimal128

from ai.data.panel import build_panel
from ai.data.sales_reader import read_sales
from ai.data.weeks import monday_of
from ai.evaluation.scale import Size, invented_panel, invented_sales, invented_trees
from ai.models.forecast import fit_forecast
from ai.models.loglinear import NORMAL_CALIBRATION, LogLinearModel, fit_blocks
from ai.models.simulate import Draft, simulate
from ai.registry.manifest import Registry
from ai.registry.storage import bind, pack
from ai.serving import WARM_WEEKS, Ready

SOURCE = "pos"
_SALES = "sales.npy"
_FIELDS = ("customer", "product", "period", "units", "price", "cost", "deal", "feature")
_BATCH = 5_000


def fit_into(folder: Path, size: Size) -> None:
    """A model of the invented sales in a registry; measuring on hidden weeks would change nothing that is served."""
    sales = invented_sales(size)
    np.stack([getattr(sales, name) for name in _FIELDS], axis=1, dtype=float).tofile(folder / _SALES)
    panel = invented_panel(size)
    blocks, origin = fit_blocks(panel)
    model = LogLinearModel(origin, panel.first_week, panel.last_week, blocks, NORMAL_CALIBRATION)
    window = (monday_of(panel.first_week).isoformat(), monday_of(panel.last_week).isoformat())
    Registry(folder).add(
        pack(model, panel, fit_forecast(panel)), key="mdl_1", source=SOURCE, fitted_at="2024-01-01T00:00:00+00:00",
        rows=panel.rows, window=window,
    )  # fmt: skip


def serve_from(folder: Path, size: Size) -> dict[str, Any]:
    """Loads, works out the first weeks, simulates each product, forecasts everything: what it came to, and the peak."""
    panel = build_panel(read_sales(SalesInAFile(folder / _SALES), SOURCE), *invented_trees(size))  # type: ignore[arg-type]
    loaded = Registry(folder).load(SOURCE)
    assert panel is not None
    assert loaded is not None
    entry, stored = loaded
    ready = Ready(entry, panel, bind(stored, panel), stored)
    del stored, loaded
    ready.warm()
    ahead = list(range(panel.last_week + 1, panel.last_week + 1 + WARM_WEEKS))
    customers, draft = sorted(panel.sellers), Draft(cut=0.2, deal=1.0)
    simulated = [simulate(ready.place(customers, [product], ahead[0], 2), draft).net for product in sorted(panel.sold)]
    _prices, found = ready.book().forecast(np.arange(len(panel.series)), ahead[:8], [])
    return {
        "rows": panel.rows,
        "series": len(panel.series),
        "simulated_units": float(np.sum(simulated)),
        "forecast_units": float(np.nansum(found.mean)),
        "serving_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


class SalesInAFile:
    """Stands where the database is: its only collection, and a cursor that makes the documents of a batch at a time."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __getitem__(self, _collection: str) -> SalesInAFile:
        return self

    def find(self, _query: dict[str, Any], _fields: dict[str, int]) -> SalesInAFile:
        return self

    def batch_size(self, _rows: int) -> SalesInAFile:
        return self

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with self._file.open("rb") as file:
            while len(batch := np.fromfile(file, count=_BATCH * len(_FIELDS)).reshape(-1, len(_FIELDS))):
                yield from (_document(*row) for row in batch.tolist())


def _document(
    customer: float, product: float, period: float, units: float, price: float, cost: float, deal: float, feature: float
) -> dict[str, Any]:
    return {
        "customer_id": f"cus_{customer:.0f}",
        "product_id": f"prd_{product:.0f}",
        "period": datetime.fromtimestamp(period, UTC),
        "units": units,
        "price_paid": Decimal128(str(price)),
        "unit_acquisition_cost": Decimal128(str(cost)),
        "deal": deal,
        "feature": feature,
    }


def measured(size: Size) -> dict[str, Any]:
    """Fits and serves in processes of their own. Raises subprocess.CalledProcessError."""
    counts = [str(count) for count in (size.stores, size.products, size.weeks)]
    with tempfile.TemporaryDirectory() as folder:
        for what in ("fit", "serve"):
            command = [sys.executable, "-m", "ai.evaluation.serving_memory", what, folder, *counts]
            told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return dict(json.loads(told.splitlines()[-1]))


def main(argv: list[str]) -> int:
    what, folder, size = argv[0], Path(argv[1]), Size(*(int(count) for count in argv[2:5]))
    if what == "fit":
        fit_into(folder, size)
    else:
        print(json.dumps(serve_from(folder, size)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
