"""The page says what was measured, met or not, and leaves gaps where nothing was."""

import json
from pathlib import Path

import numpy as np
import pytest

from ai.data.panel import Panel
from ai.evaluation.accuracy_page import page
from ai.evaluation.quiet_windows import WEEKS, quiet_eights


def objective(mape: float, wmape: float, bias: float) -> dict[str, float]:
    return {"cells": 17_534, "mape": mape, "wmape": wmape, "bias": bias}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    forecast = {
        "objective": {name: objective(0.35, 0.36, -0.02) for name in ("mape", "median", "mean")},
        "coverage": {"50": 0.5, "80": 0.79, "95": 0.95}, "pinball": 0.1, "training_cpu_seconds": [30.0, 34.0],
        "cpu_seconds": 330.0, "peak_megabytes": 400,
    }  # fmt: skip
    (tmp_path / "forecast.json").write_text(json.dumps(forecast))
    (tmp_path / "naive.json").write_text(json.dumps({"mape": 1.0989, "cells": 17_061, "asked": 17_534}))
    return tmp_path


def test_a_goal_that_was_missed_is_called_missed(out: Path) -> None:
    lines = page(out).splitlines()
    assert next(line for line in lines if "31.0 % or lower" in line).endswith("| 35.0 % | **not met** |")
    assert next(line for line in lines if "WMAPE, objective mean" in line).endswith("| 36.0 % | met |")


def test_a_peer_that_was_not_run_has_no_figure(out: Path) -> None:
    assert "LightGBM, ordinary settings | not run" in page(out)


def test_the_check_of_the_protocol_is_printed(out: Path) -> None:
    assert "**109.89 %** on 17,061" in page(out)


def test_planted_promotions_stand_beside_the_best_peer(out: Path) -> None:
    def of(error: float) -> dict[str, dict[str, float]]:
        return {"units x 2": {"median_absolute_error": error, "true_uplift": 1.0, "found_uplift": 0.98}}

    (out / "planted.json").write_text(json.dumps({"planted": of(0.09)}))
    (out / "peer-planted-mean-of-4.json").write_text(json.dumps({"planted": of(0.15)}))
    line = next(line for line in page(out).splitlines() if "planted, units x 2" in line)
    assert line.endswith("**not met** (0.60 of the best peer) |")
    assert "Prophet with the same regressors not run" in line


def test_every_method_has_its_seconds_and_its_memory(out: Path) -> None:
    single = {"single": objective(0.2, 0.2, 0.0), "chain": objective(0.1, 0.1, 0.0)}
    (out / "windows.json").write_text(json.dumps({**single, "windows": [], "cpu_seconds": 61.2, "peak_megabytes": 310}))
    (out / "peer-windows-ets.json").write_text(json.dumps({**single, "cpu_seconds": 44.0, "peak_megabytes": 1_205}))
    (out / "peer-windows-prophet.json").write_text(json.dumps(single))
    (out / "peer-ets.json").write_text(json.dumps(objective(0.7, 0.6, 0.0) | {"cpu_seconds": 133.0, "peak_megabytes": 512}))
    lines = page(out).splitlines()
    assert next(line for line in lines if line.startswith("| **ours** |")).endswith("| 17,534 | 61 | 310 |")
    assert any(line.endswith("| 44 | 1,205 |") for line in lines)
    assert any(line.endswith("| — | — |") for line in lines)
    assert any(line.startswith("| exponential smoothing") and line.endswith("| 133 | 512 |") for line in lines)
    assert any(line.startswith("| **ours, objective mape**") and line.endswith("| 330 (all three) | 400 |") for line in lines)
    tables = [[line.count("|") for line in part.splitlines() if line.startswith("|")] for part in page(out).split("\n\n")]
    assert all(len(set(table)) <= 1 for table in tables)


def test_the_machine_is_told_with_processor_and_memory(out: Path) -> None:
    told = next(line for line in page(out).splitlines() if line.startswith("Measured "))
    assert " GB, Python " in told
    assert " cores (" in told


@pytest.mark.parametrize(("milliseconds", "verdict"), [(150.0, "met"), (240.0, "**not met**")])
def test_simulations_under_load_are_told_from_the_bench_of_the_appliance(out: Path, milliseconds: float, verdict: str) -> None:
    assert "not run here" in page(out, out / "nothing.json")
    results = [{"name": "50 simulations at once while a model is trained, AI service, p95", "value": milliseconds, "unit": "ms",
                "note": "p50 90 ms"}]  # fmt: skip
    (out / "bench.json").write_text(json.dumps({"results": results}))
    line = next(line for line in page(out, out / "bench.json").splitlines() if "simulate, 50 at once" in line)
    assert line.endswith(f"| {verdict} |")


def test_a_method_asked_for_a_sample_stands_beside_ours_on_its_cells(out: Path) -> None:
    ours = json.loads((out / "forecast.json").read_text())
    (out / "forecast.json").write_text(json.dumps(ours | {"same_cells": {"arima": {"mape": 0.31, "cells": 4_400}}}))
    (out / "peer-arima.json").write_text(json.dumps(objective(0.5, 0.6, 0.0) | {"cells": 4_400, "cpu_seconds": 9.0}))
    assert "On the 4,400 cells that ARIMA(1,0,1) was asked for, ours (objective MAPE) has 31.0 %, it 50.0 %." in page(out)


@pytest.mark.parametrize(("megabytes", "verdict"), [(900, "met"), (1_300, "**not met**")])
def test_training_at_size_has_a_limit_of_memory(out: Path, megabytes: int, verdict: str) -> None:
    measured = {"rows": 1_600_000, "baseline_cpu_seconds": 90.0, "forecast_cpu_seconds": 200.0, "wall_seconds": 300.0}
    (out / "scale.json").write_text(json.dumps(measured | {"peak_megabytes": megabytes}))
    assert next(line for line in page(out).splitlines() if "1,600,000 rows" in line).endswith(f"| {verdict} |")


@pytest.mark.parametrize(("megabytes", "verdict"), [(400, "met"), (401, "**not met**")])
def test_serving_at_size_has_a_limit_of_memory(out: Path, megabytes: int, verdict: str) -> None:
    measured = {"rows": 1_600_000, "series": 16_000, "serving_megabytes": megabytes}
    (out / "serving.json").write_text(json.dumps(measured))
    assert next(line for line in page(out).splitlines() if line.startswith("| serving on")).endswith(f"| {verdict} |")


def test_hidden_windows_are_quiet_throughout(panel: Panel) -> None:
    panel_quiet = panel.quiet.copy()
    for window in quiet_eights(panel):
        assert panel_quiet[window.series, window.week : window.week + WEEKS].all()
    assert quiet_eights(panel) == []  # the invented market promotes every seven weeks


def test_a_calm_product_gives_windows(make_panel) -> None:
    panel = make_panel()
    calm = np.array([product == "prd_c" for _, product in panel.series])
    panel.promoted[np.ix_(calm, np.arange(28, 50))] = False
    windows = quiet_eights(panel)
    assert {window.key[0] for window in windows} == {"prd_c"}
    assert all(30 <= window.week <= 50 - WEEKS for window in windows)
