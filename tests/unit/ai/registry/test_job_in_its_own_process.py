"""However a job ends, its state says so; and only one runs at a time."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ai.registry.jobs import JobFiles, JobState
from ai.registry.process import Kind, Work, run
from ai.settings import Settings


class NothingToDo(Exception):
    """What the work refuses with."""


KIND = Kind("stocktaking", nice=3, refusals=(NothingToDo,), folder="stock")


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """No database is needed, and the tests' own process keeps its priority; returns by how much it would have been lowered."""
    lowered: list[int] = []
    monkeypatch.setattr(os, "nice", lowered.append)
    monkeypatch.setattr("ai.registry.process.read_settings", lambda: Settings(models_dir=tmp_path))
    return lowered


def fails(error: Exception) -> Work:
    def work(_settings: Settings, _files: JobFiles, _state: JobState) -> JobState:
        raise error

    return work


def done(_settings: Settings, _files: JobFiles, state: JobState) -> JobState:
    return replace(state, status="done", model="mdl_1")


def ended(tmp_path: Path, work: Work) -> tuple[int, JobState]:
    code = run(KIND, work, ["--job", "job_1", "--source", "shipment"])
    state = JobFiles(tmp_path / "stock").find("job_1")
    assert state is not None
    return code, state


def test_what_it_returns_is_kept_under_its_own_folder_at_lower_priority(tmp_path: Path, surroundings: list[int]) -> None:
    code, state = ended(tmp_path, done)
    assert (code, state.status, state.model, state.source) == (0, "done", "mdl_1", "shipment")
    assert surroundings == [3]


def test_a_refusal_keeps_its_own_words(tmp_path: Path) -> None:
    code, state = ended(tmp_path, fails(NothingToDo("there is nothing on the shelf")))
    assert (code, state.status, state.error) == (1, "failed", "there is nothing on the shelf")
    assert state.finished_at


def test_what_nobody_foresaw_is_told_with_its_kind(tmp_path: Path) -> None:
    code, state = ended(tmp_path, fails(ZeroDivisionError("by zero")))
    assert (code, state.status, state.error) == (1, "failed", "ZeroDivisionError: by zero")


def test_a_second_one_does_not_begin(tmp_path: Path) -> None:
    with JobFiles(tmp_path / "stock").sole_training() as free:
        assert free
        code, state = ended(tmp_path, done)
    assert (code, state.status, state.error) == (1, "failed", "another stocktaking is running")
    assert ended(tmp_path, done)[0] == 0
