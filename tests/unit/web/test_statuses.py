"""States look the same everywhere."""

from app.trade.customers.models import LEVELS as CUSTOMER_LEVELS
from app.trade.imports.models import Status as ImportStatus
from app.trade.promotions.models import Origin, PromotionStatus
from app.web.statuses import _KNOWN, status_of


def test_every_state_of_the_subjects_has_its_word_and_icon() -> None:
    for state in (*ImportStatus, *PromotionStatus, *Origin):
        assert state.value in _KNOWN, state
    for level in CUSTOMER_LEVELS:
        assert level in _KNOWN


def test_an_unknown_state_shows_its_own_name_quietly() -> None:
    shown = status_of("half-way there")
    assert (shown.label, shown.tone) == ("Half way there", "neutral")


def test_only_tones_that_the_styles_know_are_used() -> None:
    assert {status.tone for status in _KNOWN.values()} <= {"neutral", "info", "good", "warn", "bad"}
