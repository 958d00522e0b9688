"""A new model takes over unless its own back-test is clearly worse on sales of about the same size."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ai.registry.judge import held_back
from ai.registry.manifest import KEPT_MODELS, Registry
from ai.registry.same_weeks import SameWeeks
from ai.registry.storage import StoredModel


def metrics(forecast: float | None = 0.3, chain: float | None = 0.2) -> dict[str, Any]:
    found: dict[str, Any] = {"chain": {"wmape": chain}}
    return found if forecast is None else found | {"forecast": {"objective": {"median": {"wmape": forecast}}}}


@pytest.mark.parametrize(("new", "worse"), [
    (metrics(), False), (metrics(0.36), False), (metrics(0.4), True), (metrics(0.2, 0.3), True), (metrics(None, 0.2), False),
    (metrics(None, None), False), ({}, False), ({"forecast": {"protocol": "too few weeks"}}, False),
])  # fmt: skip
def test_only_a_clearly_larger_error_holds_a_model_back(new: dict[str, Any], worse: bool) -> None:
    assert bool(held_back(new, 1000, metrics(), 1000)) is worse


def test_it_says_by_how_much() -> None:
    assert held_back(metrics(0.41), 100, metrics(0.3), 100) == (
        "its forecast error is 41.0 %, that of the model that serves 30.0 %"
    )


def test_back_tests_on_much_more_sales_cannot_be_compared() -> None:
    assert held_back(metrics(0.9), 10_000, metrics(0.3), 500) is None


@pytest.mark.parametrize(("new", "serving", "held"), [(0.30, 0.31, False), (0.32, 0.30, False), (0.34, 0.30, True)])
def test_on_the_same_weeks_less_of_a_difference_holds_a_model_back(new: float, serving: float, held: bool) -> None:
    same = SameWeeks(new, serving, 8, 900)
    reason = held_back(metrics(), 1000, metrics(), 1000, same)
    assert bool(reason) is held
    assert not held or (reason and "on the same 8 weeks" in reason)


def test_back_tests_on_other_weeks_do_not_count_where_the_same_weeks_were_compared() -> None:
    same = SameWeeks(0.30, 0.30, 8, 900)
    assert held_back(metrics(0.5), 1000, metrics(0.3), 1000, same) is None
    assert held_back(metrics(0.3, 0.4), 1000, metrics(0.3, 0.2), 1000, same)


def add(registry: Registry, number: int, serve: bool) -> None:
    registry.add(
        StoredModel({"format": 1, "metrics": {}}, {"a": np.zeros(1)}), key=f"mdl_{number}", source="pos",
        fitted_at="2024-01-01T00:00:00+00:00", rows=1, window=("2024-01-01", "2024-02-05"), serve=serve,
    )  # fmt: skip


def test_a_model_that_is_held_back_is_kept_and_never_drives_out_the_one_that_serves(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    add(registry, 0, True)
    for number in range(1, 2 * KEPT_MODELS):
        add(registry, number, False)
        serving = registry.current("pos")
        assert serving is not None
        assert serving.id == "mdl_0"
    assert len(registry.entries()) == KEPT_MODELS
    assert [entry.id for entry in registry.remembered()] == [f"mdl_{n}" for n in range(1, KEPT_MODELS + 1)]
    add(registry, 99, True)
    serving = registry.current("pos")
    assert serving is not None
    assert serving.id == "mdl_99"
