"""A month's figures are means of what is known, and no number is made up for what is not."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.errors import Invalid
from app.supervisor.history.phases import Availability
from app.supervisor.incidents.figures import month_bounds, month_figures
from app.supervisor.incidents.incident import Incident

BEGIN = datetime(2026, 3, 10, tzinfo=UTC)


def _incident(number: int, priority: str, detect: float, recover: float | None) -> Incident:
    seen = BEGIN + timedelta(seconds=detect)
    recovered = BEGIN + timedelta(seconds=recover) if recover is not None else None
    return Incident(number, "redis", "", priority, BEGIN, seen, recovered_at=recovered)


def test_means_are_taken_of_what_is_known() -> None:
    incidents = [_incident(1, "P1", 2, 10), _incident(2, "P2", 4, None), _incident(3, "P2", 6, 30)]
    figures = month_figures("2026-03", [Availability("redis", 86400 * 10 - 40, 40, 0)], incidents, BEGIN + timedelta(days=1))
    assert (figures.incidents, figures.by_priority) == (3, {"P1": 1, "P2": 2, "P3": 0, "P4": 0})
    assert (figures.mean_detect, figures.mean_recover, figures.mean_act) == (timedelta(seconds=4), timedelta(seconds=20), None)
    assert figures.observed == 1.0
    assert figures.availability[0].share == pytest.approx(1 - 40 / 864000)


def test_a_month_without_anything_has_no_means() -> None:
    figures = month_figures("2026-03", [], [], BEGIN)
    assert (figures.mean_detect, figures.mean_recover, figures.observed) == (None, None, 0.0)


def test_a_month_that_has_not_begun_was_not_seen() -> None:
    assert month_figures("2026-04", [], [], BEGIN).observed == 0.0


def test_december_ends_with_the_year() -> None:
    assert month_bounds("2026-12") == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "march", "2026-03-01", "0000-01"])
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(Invalid, match="2026-03"):
        month_bounds(month)
