"""The charts of models over time hold the errors and indices that were measured, in their order."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.trade.models.figures import drift_chart, errors_chart
from app.web import formatting

FIRST = datetime(2026, 8, 1, 10, tzinfo=UTC)


def model(day: int, forecast: float | None = 0.3, chain: float | None = 0.2) -> dict[str, Any]:
    metrics: dict[str, Any] = {"chain": {"wmape": chain}}
    if forecast is not None:
        metrics["forecast"] = {"objective": {"median": {"wmape": forecast}}}
    return {"id": f"mdl_{day}", "fitted_at": (FIRST + timedelta(days=day)).isoformat(), "metrics": metrics}


def look(day: int, **psi: float) -> dict[str, Any]:
    return {"at": FIRST + timedelta(days=day), "features": [{"feature": name, "psi": value} for name, value in psi.items()]}


def test_errors_are_a_line_from_the_oldest_training_to_the_newest() -> None:
    chart = errors_chart([model(9, 0.25, 0.18), model(5, None, 0.2), model(1, 0.31, 0.22)])
    assert chart is not None
    assert chart.spec["kind"] == "lines"
    assert chart.spec["x"] == ["2026-08-02", "2026-08-06", "2026-08-10"]
    assert {one["name"]: one["values"] for one in chart.spec["series"]} == {
        "Forecast": [31.0, None, 25.0], "Baseline": [22.0, 20.0, 18.0],
    }  # fmt: skip


def test_few_trainings_are_bars_and_those_without_a_figure_are_left_out() -> None:
    chart = errors_chart([model(5, None, 0.2), model(1, 0.31), model(0, None, None)])
    assert chart is not None
    assert (chart.spec["kind"], chart.spec["values"]) == ("bars", [31.0, 20.0])
    assert errors_chart([model(0, None, None)]) is None


def test_a_bar_says_the_same_as_the_table_below_it() -> None:
    chart = errors_chart([model(0, 0.4245)])
    assert chart is not None
    assert chart.spec["values"] == [42.5]
    assert formatting.percent(0.4245, 1).startswith("42.5")


def test_drift_is_a_line_a_feature_over_the_looks() -> None:
    looks = [look(day, price=0.1 * day, price_cut=0.0, deal=0.3, feature=9.0) for day in (1, 2, 3)]
    chart = drift_chart(looks)
    assert chart is not None
    assert chart.spec["x"] == ["2026-08-02", "2026-08-03", "2026-08-04"]
    assert [one["values"] for one in chart.spec["series"]][:3] == [[0.1, 0.2, 0.30000000000000004], [0.0] * 3, [0.3] * 3]
    assert chart.spec["series"][3]["values"] == [None] * 3  # no look told of units
    assert drift_chart(looks[:2]) is None
