"""scripts/tradeai: which container is asked, and what it is given of this machine."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCKER = """#!/bin/bash
[[ $* != *"ps --status"* ]] || { echo id; exit; }
echo "$*"
[[ $* != *" verify -"* ]] || cat
"""


def typed(folder: Path, *words: str) -> str:
    """What docker was told, and what came through its standard input."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin/docker").write_text(DOCKER)
    (folder / "bin/docker").chmod(0o755)
    done = subprocess.run(
        [ROOT / "scripts/tradeai", *words], env={"PATH": f"{folder}/bin:{os.environ['PATH']}", "USER": "ada"}, cwd=folder,
        input="of the terminal", capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    return done.stdout


def test_a_report_on_this_machine_is_handed_in(tmp_path: Path) -> None:
    (tmp_path / "a report.zip").write_text("content of the report")
    out = typed(tmp_path, "handover", "verify", "a report.zip", "--json")
    assert "supervisor python -m app.cli handover verify - --json\ncontent of the report" in out
    assert "of the terminal" not in out


def test_a_name_that_is_no_file_is_passed_on(tmp_path: Path) -> None:
    assert typed(tmp_path, "handover", "verify", "20260302T080000Z").endswith("app.cli handover verify 20260302T080000Z\n")


@pytest.mark.parametrize(
    ("words", "container"), [("handover", "supervisor"), ("alerts list", "supervisor"), ("user list", "backend")]
)
def test_what_the_supervisor_alone_knows_is_asked_of_it(tmp_path: Path, words: str, container: str) -> None:
    out = typed(tmp_path, *words.split())
    assert f" {container} python -m app.cli {words}" in out
    assert ("TRADEAI_WHO=ada" in out) is (container == "supervisor")
