"""The newest look of each source of sales counts, as long as it is not old."""

import json
from datetime import timedelta
from typing import Any

import pytest

from app.core import model_drift as told
from app.core.clock import FixedClock, iso
from app.supervisor.measures import model_drift
from app.supervisor.measures.model_drift import ModelDrift, parse
from tests.unit.supervisor.world import BEGIN


class Wire:
    def __init__(self, *looks: dict[str, Any]) -> None:
        self.entries = [[f"{number}-0", ["look", json.dumps(look)]] for number, look in enumerate(looks)]

    def ask_one(self, *command: object) -> Any:
        assert command[:2] == ("XREVRANGE", "model-drift")
        return self.entries


def look(source: str, *shifted: str, age: timedelta = timedelta()) -> dict[str, Any]:
    return {"source": source, "at": iso(BEGIN - age), "shifted": list(shifted), "detail": f"of {source}"}


def read(*looks: dict[str, Any]) -> list[tuple[str, float]]:
    figures = ModelDrift(Wire(*looks), FixedClock(BEGIN)).read()  # type: ignore[arg-type]
    return [(one.subject, one.value) for one in figures]


def test_the_newest_look_of_each_source_counts() -> None:
    assert read(look("pos"), look("shipment", "price", "error"), look("pos", "deal")) == [("pos", 0), ("shipment", 2)]


def test_an_old_look_says_nothing() -> None:
    assert read(look("pos", "price", age=timedelta(days=4))) == []


def test_before_the_first_look_there_is_nothing() -> None:
    assert read() == []


@pytest.mark.parametrize("fields", [[], ["look"], ["look", "{"], ["look", "[]"], ["look", '{"source": "pos", "at": "noon"}']])
def test_what_is_no_look_is_passed_over(fields: list[str]) -> None:
    assert parse(fields) is None


def test_both_ends_of_the_stream_agree() -> None:
    assert (told.STREAM, told.FIELD) == (model_drift.STREAM, model_drift.FIELD)
