"""The answers that the application's tests stand on still have the shape that this service answers in."""

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from ai.optimise_schemas import OptimiseAnswer
from ai.planning_schemas import ElasticityAnswer, SimulateAnswer
from ai.response_api import ResponseAnswer
from ai.schemas import ProblemBody

ANSWERS = Path(__file__).parents[2] / "integration" / "trade" / "planning" / "answers"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("simulate", SimulateAnswer), ("elasticity", ElasticityAnswer), ("response", ResponseAnswer),
        ("optimise", OptimiseAnswer), ("infeasible", ProblemBody), ("no-model", ProblemBody),
    ],
)  # fmt: skip
def test_a_record_is_what_the_service_would_answer(name: str, kind: type[BaseModel]) -> None:
    strict = type("Strict", (kind,), {"model_config": {"extra": "forbid"}})
    answer = json.loads((ANSWERS / f"{name}.json").read_text())
    if "model" in answer:
        window = answer["model"]["window"]  # written by other names than it is read by
        answer["model"]["window"] = {"start": window["from"], "end": window["to"]}
    found = strict.model_validate(answer)
    assert set(kind.model_fields) - set(found.model_fields_set) <= {"warnings", "refused", "errors"}
