"""`python -m ai.evaluation.report`: trains on the sales in the database and prints every check as JSON; keeps nothing."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from dataclasses import asdict
from typing import Any

import numpy as np

from ai.data.connection import connect
from ai.data.panel import Panel, build_panel
from ai.data.sales_reader import read_customers, read_products, read_sales
from ai.evaluation.placebo import placebo_test
from ai.evaluation.planted import planted_test
from ai.models.training import train_model
from ai.settings import read_settings

SEEDS = range(1, 6)
PLANTED = ((2.0, 0.9), (1.3, 1.0))  # factor during the promotion, factor in the two weeks after


def report(panel: Panel) -> dict[str, Any]:
    """Errors on hidden weeks, placebos, and planted promotions (means over five seeds)."""
    began = time.perf_counter()
    model = train_model(panel)
    seconds = time.perf_counter() - began
    planted = {}
    for uplift, dip in PLANTED:
        runs = [asdict(planted_test(panel, model, seed, uplift, dip)) for seed in SEEDS]
        planted[f"units x {uplift}, after x {dip}"] = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
    return {
        "rows": panel.rows,
        "training_seconds": round(seconds, 1),
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "metrics": model.metrics,
        "placebo": asdict(placebo_test(panel, model)),
        "planted": planted,
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", choices=["pos", "shipment"], default="pos")
    arguments = parser.parse_args(argv)
    database = connect(read_settings())
    panel = build_panel(read_sales(database, arguments.source), read_customers(database), read_products(database))
    if panel is None:
        print(f"There are no sales of source '{arguments.source}'; import some first", file=sys.stderr)
        return 1
    print(json.dumps(report(panel), indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
