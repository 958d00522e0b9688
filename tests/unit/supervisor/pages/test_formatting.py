"""Figures read as people write them."""

from datetime import timedelta

import pytest

from app.supervisor.pages import formatting


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (-5, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (7200, "2 h"),
        (2 * 86400, "2 days"),
        (90 * 86400, "90 days"),
    ],
)
def test_spans(seconds: float, text: str) -> None:
    assert formatting.span(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "–"),
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (64_200_000, "64.2 MB"),
        (192_000_000, "192 MB"),
        (5e15, "5000 TB"),
    ],
)
def test_sizes(count: float | None, text: str) -> None:
    assert formatting.size(count) == text


@pytest.mark.parametrize(("share", "text"), [(None, "–"), (0, "0 %"), (0.013, "1.3 %"), (0.5, "50 %"), (1.2, "120 %")])
def test_percentages(share: float | None, text: str) -> None:
    assert formatting.percent(share) == text


@pytest.mark.parametrize(("value", "text"), [(None, "–"), (0.34, "0.3 ms"), (12.4, "12 ms")])
def test_milliseconds(value: float | None, text: str) -> None:
    assert formatting.milliseconds(value) == text
