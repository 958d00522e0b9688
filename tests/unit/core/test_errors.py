"""Every error becomes problem details as RFC 9457 has them."""

import pytest

from app.core import errors
from app.core.errors import FieldError, Invalid, TooManyRequests, TradeError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TradeError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_kind_has_a_status_a_title_and_a_type_of_its_own(kind: type[TradeError]) -> None:
    problem = kind("What happened.").problem("req-1")
    assert problem["detail"] == "What happened."
    assert 400 <= problem["status"] < 600
    assert problem["type"] == f"/problems/{kind.kind}"
    assert problem["title"]
    assert problem["request_id"] == "req-1"


def test_types_are_not_shared() -> None:
    assert len({kind.kind for kind in KINDS}) == len(KINDS)


def test_without_detail_the_title_is_told() -> None:
    assert Invalid().problem()["detail"] == Invalid.title
    assert "errors" not in Invalid().problem()
    assert "request_id" not in Invalid().problem()


def test_field_errors_are_listed() -> None:
    problem = Invalid("Two fields.", [FieldError("code", "Taken."), FieldError("name", "Missing.")]).problem()
    assert problem["errors"] == [{"field": "code", "message": "Taken."}, {"field": "name", "message": "Missing."}]


def test_a_limit_says_when_it_ends() -> None:
    assert TooManyRequests("Slow down.", retry_after=7).retry_after == 7
