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
