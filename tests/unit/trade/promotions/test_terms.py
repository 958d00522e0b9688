"""Terms between what people type, what the API takes and what is stored."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.trade.promotions import terms
from app.trade.promotions.models import PromotionChange, PromotionCreate

MONEY = st.none() | st.decimals(0, 10**9, places=4, allow_nan=False, allow_infinity=False)
DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))
WRITTEN = st.builds(
    dict, name=st.text("abc äß", min_size=1).map(str.strip).filter(bool), customer_id=st.just("cus_1"),
    product_ids=st.lists(st.sampled_from(["prd_1", "prd_2"]), min_size=1), start=DAYS, end=DAYS,
    discount=st.none() | st.decimals(0, Decimal("0.99"), places=4), costs=st.builds(dict, fixed=MONEY, per_unit=MONEY),
    sell_in=st.none() | st.builds(dict, start=DAYS, end=DAYS), note=st.text("abc"), pre_weeks=st.integers(0, 13),
)  # fmt: skip


@pytest.mark.slow
@given(WRITTEN)
def test_what_is_stored_reads_back_as_it_was_written(fields: dict[str, Any]) -> None:
    written = PromotionCreate(**fields)
    again = terms.written(terms.stored(written))
    assert terms.differing(written, again) == set()


def test_only_what_is_sent_changes() -> None:
    before = PromotionCreate(
        name="A", customer_id="c", product_ids=["p"], start=date(2026, 1, 1), end=date(2026, 1, 7), discount="0.2"
    )
    after = terms.merged(before, PromotionChange(version=1, name="B", discount=None, customer_id=None))
    assert terms.differing(before, after) == {"name", "discount"}
    assert (after.name, after.discount, after.customer_id) == ("B", None, "c")


@pytest.mark.parametrize(("typed", "meant"), [
    ("1500", "1500"), ("1 500,50", "1500.50"), ("1\u202f500.50", "1500.50"), ("25 %", "25"), ("", None), ("0", "0"),
])  # fmt: skip
def test_numbers_as_people_type_them(typed: str, meant: str | None) -> None:
    read = terms.from_form({"fixed": typed, "start": "", "end": ""}, [])
    assert read["costs"]["fixed"] == (None if meant is None else Decimal(meant))


def refused(form: dict[str, str]) -> set[str]:
    with pytest.raises(Invalid) as error:
        terms.validated(terms.from_form(form, ["prd_1"]), PromotionCreate)
    return {one.field for one in error.value.errors}


def test_what_cannot_be_read_is_named() -> None:
    good = {"name": "A", "customer_id": "c", "start": "2026-01-01", "end": "2026-01-07"}
    assert refused({**good, "start": "soon", "discount": "a lot", "per_unit": "NaN"}) == {"start", "discount", "per_unit"}
    assert refused({**good, "sell_in_start": "2026-01-01"}) == {"sell_in_end"}
    assert refused({**good, "name": " ", "customer_id": "", "end": ""}) == {"name", "customer_id", "end"}
    assert refused({**good, "fixed": "-1"}) == {"fixed"}
