"""The charts of a promotion taken apart: what is stacked comes to what was sold, and the steps come to the total."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.trade.promotions.decomposition import parts_chart, total_chart

units = st.floats(0, 10_000).map(lambda value: round(value, 2))
losses = st.floats(-500, 0).map(lambda value: round(value, 2))
FIRST = date(2026, 3, 2)


def week(number: int, role: str, **figures: Any) -> dict[str, Any]:
    parts = {"expected_dip": 0.0, "cannibalised": 0.0, "halo": 0.0}
    return {"week": FIRST + timedelta(weeks=number), "role": role, **parts, **figures}


def row(weeks: list[dict[str, Any]], **analysis: Any) -> dict[str, Any]:
    start, end = datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 15, tzinfo=UTC)
    return {"start": start, "end": end, "analysis": {"weeks": weeks, **analysis}}


def parts(analysed: dict[str, Any]) -> dict[str, list[float | None]]:
    chart = parts_chart(analysed)
    assert chart is not None
    return {one["name"]: one["values"] for one in chart.spec["parts"]}


@given(st.lists(st.tuples(units, units, losses, losses), min_size=1, max_size=6))
def test_baseline_and_added_of_a_promoted_week_are_what_was_sold(figures: list[tuple[float, float, float, float]]) -> None:
    weeks = [
        week(n, "promotion", actual=actual, baseline=baseline, cannibalised=lost, expected_dip=dip)
        for n, (actual, baseline, lost, dip) in enumerate(figures)
    ]
    shown = parts(row(weeks))
    for number, (actual, baseline, lost, _dip) in enumerate(figures):
        added = shown["Incremental"][number]
        assert added is not None
        assert baseline + added == pytest.approx(actual, abs=0.006)
        assert shown["Taken from other products"][number] == lost
        assert shown["Post-promotion dip"][number] is None


def test_weeks_after_show_the_dip_and_nothing_added() -> None:
    weeks = [week(0, "pre", actual=9.0, baseline=10.0), week(1, "promotion", actual=30.0, baseline=10.0),
             week(2, "post", actual=7.0, baseline=10.0, expected_dip=-2.5)]  # fmt: skip
    shown = parts(row(weeks))
    assert shown["Incremental"] == [None, 20.0, None]
    assert shown["Post-promotion dip"] == [0.0, None, -2.5]
    assert shown["Baseline"] == [10.0, 10.0, 10.0]


def test_a_week_without_sales_adds_nothing() -> None:
    assert parts(row([week(0, "promotion", actual=None, baseline=10.0)]))["Incremental"] == [None]


@given(st.lists(st.tuples(st.floats(-1000, 1000), st.floats(0, 100), st.floats(0, 100)), min_size=4, max_size=4))
def test_the_last_step_is_the_total_and_lies_in_its_band(bands: list[tuple[float, float, float]]) -> None:
    names = ("incremental_units", "post_dip_units", "cannibalised_units", "halo_units")
    parts_of = {
        name: {"mean": mean, "lo80": mean - below, "hi80": mean + above}
        for name, (mean, below, above) in zip(names, bands, strict=True)
    }
    total = round(sum(mean for mean, _below, _above in bands), 2)
    chart = total_chart(row([], total_units=total, **parts_of))
    assert chart is not None
    steps = chart.spec["steps"]
    assert [step["total"] for step in steps] == [False] * 4 + [True]
    assert steps[-1]["value"] == total
    assert sum(step["value"] for step in steps[:-1]) == pytest.approx(total, abs=0.03)
    assert steps[-1]["low"] <= total <= steps[-1]["high"]
    widest = max(below for _mean, below, _above in bands)
    assert total - steps[-1]["low"] >= widest - 0.02


def test_an_older_analysis_shows_no_parts() -> None:
    bare = {"week": FIRST, "role": "promotion", "actual": 3.0, "baseline": 2.0}
    assert parts_chart(row([bare])) is None
    assert total_chart(row([])) is None
