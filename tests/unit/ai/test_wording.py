"""Sentences of the AI service write days and figures as the pages do."""

from datetime import date
from decimal import Decimal

from ai.data.weeks import week_number
from ai.wording import day_text, figure, week_text
from app.web import formatting


def test_figures_and_days_are_those_of_the_pages() -> None:
    for value in (0.4, 12408.5, -1950.335, Decimal("2.345"), 1_234_567):
        assert figure(value, 2) == formatting.number(value, 2)
        assert figure(value) == formatting.number(value)
    assert day_text(date(1992, 9, 14)) == formatting.short_date(date(1992, 9, 14)) == "14 Sep 1992"


def test_a_week_is_called_by_its_monday() -> None:
    assert week_text(week_number(date(1992, 9, 17))) == "14 Sep 1992"
