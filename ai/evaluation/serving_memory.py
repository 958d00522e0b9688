"""`python -m ai.evaluation.serving_memory fit|serve FOLDER STORES PRODUCTS WEEKS`: memory of a process that only answers.

The model is fitted by one process and served by another, as in the appliance, so that what training needs is not counted. The
sales are invented and built anew by the serving process, as it reads them from the database.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ai.data.weeks import monday_of
from ai.evaluation.scale import Size, invented_panel
from ai.models.forecast import fit_forecast
from ai.models.loglinear import NORMAL_CALIBRATION, LogLinearModel, fit_blocks
from ai.models.simulate import Draft, simulate
from ai.registry.manifest import Registry
from ai.registry.storage import bind, pack
from ai.serving import WARM_WEEKS, Ready

SOURCE = "pos"


def fit_into(folder: Path, size: Size) -> None:
    """A model of the invented sales in a registry; measuring on hidden weeks would change nothing that is served."""
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
    panel = invented_panel(size)
    loaded = Registry(folder).load(SOURCE)
    assert loaded is not None
    entry, stored = loaded
    ready = Ready(entry, panel, bind(stored, panel), stored)
    del stored, loaded
    ready.warm()
    ahead = list(range(panel.last_week + 1, panel.last_week + 1 + WARM_WEEKS))
    quiet = ready.quiet_weeks().units(ahead[:8])
    customers = frozenset(panel.sellers)
    drafts = [Draft(customers, (product,), 2, cut=0.2, deal=1.0) for product in sorted(panel.sold)]
    simulated = [simulate(panel, ready.model, quiet, draft).net for draft in drafts]
    _prices, found = ready.book().forecast(np.arange(len(panel.series)), ahead[:8], [])
    return {
        "rows": panel.rows,
        "series": len(panel.series),
        "simulated_units": float(np.sum(simulated)),
        "forecast_units": float(np.nansum(found.mean)),
        "serving_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
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
