"""What charts show."""

from datetime import UTC, datetime
from decimal import Decimal

from app.web.chart import Window, bars_chart, bars_with_mark, baseline_chart, lines_chart

WEEKS = [
    {"week": datetime(1992, 9, 7, tzinfo=UTC), "actual": 100, "baseline": 90.5, "lo80": 80, "hi80": 101},
    {"week": datetime(1992, 9, 14, tzinfo=UTC), "actual": None, "baseline": Decimal("91"), "lo95": 70, "hi95": 120},
]


def test_a_baseline_chart_has_its_numbers_as_a_table_too() -> None:
    chart = baseline_chart("c", WEEKS, [Window("1992-09-14", "1992-09-20", "25 % off")], unit="units")
    assert chart.spec["x"] == ["1992-09-07", "1992-09-14"]
    assert chart.rows == [("1992-09-07", 100.0, 90.5, 80.0, 101.0), ("1992-09-14", None, 91.0, 70.0, 120.0)]
    assert len(chart.headers) == 5
    assert chart.spec["windows"] == [{"start": "1992-09-14", "end": "1992-09-20", "label": "25 % off"}]
    assert not chart.empty


def test_lines_put_every_series_into_the_table() -> None:
    chart = lines_chart("c", ["1992-09-07", "1992-09-14"], [{"name": "A", "values": [1, 2]}, {"name": "B", "values": [None, 4]}])
    assert chart.rows == [["1992-09-07", 1.0, None], ["1992-09-14", 2.0, 4.0]]
    assert list(chart.headers)[1:] == ["A", "B"]


def test_a_chart_without_values_is_empty() -> None:
    assert baseline_chart("c", []).empty
    assert bars_chart("c", [], []).empty


def test_bars_start_at_zero_and_share_one_scale() -> None:
    drawn = bars_with_mark([Decimal("3"), 1, 0.5, -1, None])
    assert drawn.zero == 25
    assert drawn.mark == 50
    assert [(bar.x, bar.width, bar.good) for bar in drawn.bars] == [
        (25, 75, True),
        (25, 25, True),
        (25, 12.5, False),
        (0, 25, False),
        (25, 0, False),
    ]


def test_the_mark_stays_inside_when_all_values_are_small() -> None:
    drawn = bars_with_mark([0.1, 0.2])
    assert drawn.zero == 0
    assert 0 < drawn.mark < 100
