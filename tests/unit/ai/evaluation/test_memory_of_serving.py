"""What a process needs that only answers is measured apart from what fitting needs."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ai.evaluation import serving_memory
from ai.evaluation.scale import Size
from ai.evaluation.serving_memory import fit_into, serve_from
from ai.models import trees

pytestmark = pytest.mark.slow  # a model is trained here
SMALL = Size(stores=6, products=4, weeks=60)


@pytest.fixture(autouse=True)
def few_trees() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "ROUNDS", 5)
        yield


def test_a_fitted_model_is_served_from_its_files_and_its_memory_told(tmp_path: Path) -> None:
    fit_into(tmp_path, SMALL)
    found = serve_from(tmp_path, SMALL)
    assert (found["rows"], found["series"]) == (6 * 4 * 60, 24)
    assert found["simulated_units"] > 0
    assert found["forecast_units"] > 0
    assert 20 < found["serving_megabytes"] < 2_000


def test_fitting_and_serving_are_processes_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 0, stdout='log\n{"serving_megabytes": 321}\n')

    monkeypatch.setattr(serving_memory.subprocess, "run", run)
    assert serving_memory.measured(SMALL) == {"serving_megabytes": 321}
    assert [command[3] for command in asked] == ["fit", "serve"]
    assert asked[0][4:] == asked[1][4:]
