"""`python -m ai.evaluation.accuracy DATA OUT [SECTION...]`: measures sections on the orange-juice files, into OUT/<section>.json.

scripts/bench-ai.sh runs all sections and the peers, then `python -m ai.evaluation.accuracy_page` writes docs/accuracy.md.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ai.data.panel import Panel
from ai.evaluation import serving_memory
from ai.evaluation.forecast_rounds import forecast_rounds
from ai.evaluation.orange_juice import FINAL_ORIGINS, ORIGINS, naive, read_panel, run_rounds
from ai.evaluation.placebo import placebo_test
from ai.evaluation.planted import planted_test, planted_windows
from ai.evaluation.quiet_windows import WEEKS, predict_windows, quiet_eights
from ai.evaluation.scale import ROWS_OF_THE_GOAL, invented_panel, timed_calendar
from ai.evaluation.scores import score
from ai.models.elasticity import elasticities, group_means
from ai.models.forecast import fit_forecast
from ai.models.loglinear import LogLinearModel
from ai.models.training import train_model
from ai.registry.train import THREADS

PLANTED = ((2.0, 0.9), (1.3, 1.0))  # factor during the promotion, factor in the two weeks after
SEEDS = (1, 2, 3, 4, 5)
PUBLISHED_NAIVE = "109.89"  # percent: the last week repeated
PROCESSES = int(os.environ.get("TRADEAI_BENCH_PROCESSES", "2"))  # rounds that are forecast side by side


def naive_section(panel: Panel) -> dict[str, Any]:
    """The check of the protocol itself."""
    answers = run_rounds(panel, naive)
    return {"asked": len(answers.actual)} | asdict(score(answers.actual, answers.predicted))


def training_section(panel: Panel) -> dict[str, Any]:
    """Both models on all rows, as POST /v1/train fits them."""
    began = time.process_time()
    train_model(panel)
    baseline = time.process_time() - began
    fit_forecast(panel, threads=THREADS)
    return {
        "rows": panel.rows,
        "baseline_cpu_seconds": round(baseline, 1),
        "forecast_cpu_seconds": round(time.process_time() - began - baseline, 1),
    }


def _trained(panel: Panel) -> LogLinearModel:
    return train_model(panel)


def baseline_section(panel: Panel) -> dict[str, Any]:
    """Hidden blocks of four weeks, seen from both sides, against the means of quiet weeks."""
    return _trained(panel).metrics


def windows_section(panel: Panel) -> dict[str, Any]:
    """Eight hidden quiet weeks; the windows are listed so that peers predict the same."""
    windows = quiet_eights(panel)
    predicted = predict_windows(panel, windows)
    actual = [panel.units[window.series, window.week : window.week + WEEKS] for window in windows]
    together = [(sold.sum(axis=0), said.sum(axis=0)) for sold, said in zip(actual, predicted, strict=True)]
    return {
        "windows": [{"week": window.week, "series": window.series.tolist()} for window in windows],
        "single": asdict(score(_flat(actual), _flat(predicted))),
        "chain": asdict(score(_flat([sold for sold, _ in together]), _flat([said for _, said in together]))),
    }


def _flat(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([part.ravel() for part in parts])


def placebo_section(panel: Panel) -> dict[str, Any]:
    return asdict(placebo_test(panel, _trained(panel)))


def planted_section(panel: Panel) -> dict[str, Any]:
    """Means over the seeds; the windows are listed so that peers look for the same promotions."""
    model, found = _trained(panel), {}
    for uplift, dip in PLANTED:
        runs = [asdict(planted_test(panel, model, seed, uplift, dip)) for seed in SEEDS]
        found[f"units x {uplift}, after x {dip}"] = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]} | {
            "uplift": uplift,
            "dip": dip,
        }
    return {"planted": found, "windows": {str(seed): planted_windows(panel, model, seed) for seed in SEEDS}}


def elasticity_section(panel: Panel) -> dict[str, Any]:
    found = elasticities(panel, _trained(panel), set())
    values = [one.promotion.value for one in found]
    return {
        "products": len(found),
        "lowest": min(values),
        "highest": max(values),
        "mean": group_means(found, by_brand=False)[0].mean,
    }


def scale_section(_panel: Panel) -> dict[str, Any]:
    """Both models on 1.6 million invented rows; memory is that of this process, which holds the columns as well."""
    invented = invented_panel(ROWS_OF_THE_GOAL)
    return training_section(invented) | {"series": len(invented.series)}


def serving_section(_panel: Panel) -> dict[str, Any]:
    """Memory of a process that only answers, on 1.6 million invented rows."""
    return serving_memory.measured(ROWS_OF_THE_GOAL)


def optimiser_section(_panel: Panel) -> dict[str, Any]:
    """200 candidates over 52 weeks under every rule, drawn five times: the widest gap and the most processor seconds."""
    found = [timed_calendar(seed) for seed in SEEDS]
    return {
        "calendars": len(found),
        "widest_gap": max(calendar.gap for calendar, _ in found),
        "most_cpu_seconds": round(max(seconds for _, seconds in found), 2),
        "events_chosen": [len(calendar.chosen) for calendar, _ in found],
    }


SECTIONS: dict[str, Callable[[Panel], dict[str, Any]]] = {
    "naive": naive_section,
    "forecast": lambda panel: forecast_rounds(panel, ORIGINS, processes=PROCESSES),
    "final": lambda panel: forecast_rounds(panel, FINAL_ORIGINS, processes=PROCESSES),
    "training": training_section,
    "scale": scale_section,
    "serving": serving_section,
    "optimiser": optimiser_section,
    "baseline": baseline_section,
    "windows": windows_section,
    "placebo": placebo_section,
    "planted": planted_section,
    "elasticity": elasticity_section,
}


_WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)


def _processor_seconds() -> float:
    """Of this process and of those it started and has waited for."""
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, _WHOSE))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], help="all but final by default")
    arguments = parser.parse_args(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    panel = read_panel(arguments.data)
    for name in arguments.sections or [section for section in SECTIONS if section != "final"]:
        print(f"measuring {name}", file=sys.stderr, flush=True)
        wall, cpu = time.perf_counter(), _processor_seconds()
        found = SECTIONS[name](panel)
        found |= {
            "wall_seconds": round(time.perf_counter() - wall, 1),
            "cpu_seconds": round(_processor_seconds() - cpu, 1),
            "peak_megabytes": max(resource.getrusage(who).ru_maxrss for who in _WHOSE) // 1024,
        }
        (arguments.out / f"{name}.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
        if name == "naive" and f"{100 * found['mape']:.2f}" != PUBLISHED_NAIVE:
            print(f"The check of the protocol gave {100 * found['mape']:.2f} %, not {PUBLISHED_NAIVE}: these are not the "
                  "published sales or rounds. Fetch them anew: rm -r .cache/orange-juice", file=sys.stderr)  # fmt: skip
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
