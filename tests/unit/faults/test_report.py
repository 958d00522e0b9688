"""docs/faults.md says which rules could raise no false alarm, and the matrix can be read without an appliance."""

import os
import resource
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.supervisor.alerts.rules import BY_NAME
from tests.faults import alert_settings
from tests.faults.daemon import Daemon
from tests.faults.families import ALL
from tests.faults.fault import Measured, Pace
from tests.faults.report import page

MACHINE = {"measured": "2026-03-02", "cores": 2, "processor": "a processor", "memory": "8 GB", "kernel": "6.1"}


def settings(pace: Pace, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The alerts.toml of the matrix."""
    monkeypatch.setattr(alert_settings.shutil, "chown", lambda *_who: None)
    (folder / "config").mkdir(exist_ok=True)
    to: Any = SimpleNamespace(host="127.0.0.1", webhook_port=1, mail_port=2)
    alert_settings.write(folder, pace, to)
    return tomllib.loads((folder / "config" / "alerts.toml").read_text())


@pytest.mark.parametrize("pace", list(Pace))
def test_the_page_names_every_rule_that_is_off(pace: Pace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = settings(pace, tmp_path, monkeypatch)["rules"]
    assert rules.keys() <= BY_NAME.keys()
    text = page({"machine": MACHINE, "cases": []}, ALL)
    off = {name for name, lines in rules.items() if lines.get("off")}
    assert off
    for name in off:
        assert f"- `{name}`" in text, name


def test_a_measured_case_has_a_row_and_the_others_are_listed() -> None:
    measured = asdict(Measured("disk of the data volume at 95 %", "host", "the end of the fault", blamed=["host"], told={}))
    text = page({"machine": MACHINE, "cases": [measured]}, ALL)
    assert "| disk of the data volume at 95 % |" in text
    assert f"1 of {len(ALL)} cases" in text
    assert "- the Docker daemon restarted, and every container with it" in text


def test_names_are_told_once_and_what_harms_the_machine_comes_last_and_is_asked_for() -> None:
    names = [fault.name for fault in ALL]
    assert len(set(names)) == len(names) >= 40
    assert [fault.name for fault in ALL if fault.only_with] == names[-1:]


def test_every_alert_that_a_case_expects_is_a_rule() -> None:
    expected = {alert.partition(" ")[0] for fault in ALL for alert in (*fault.told, *fault.perhaps)}
    assert expected <= BY_NAME.keys()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program called dockerd, whose output goes to a file."""
    program = tmp_path / "dockerd"
    program.symlink_to(sys.executable)
    with (tmp_path / "log").open("ab") as log:
        wait = "import sys; print('up', flush=True); sys.stdin.read()"
        process = subprocess.Popen(
            [program, "-c", wait], cwd=tmp_path, env={"HOW": "by hand"}, stdin=subprocess.PIPE, stdout=log, stderr=log
        )
    yield process
    process.kill()
    process.communicate()


def test_a_daemon_is_started_again_as_it_was_started(
    daemon: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.faults.daemon._name", lambda path: "dockerd" if path.name == str(daemon.pid) else "")
    found = Daemon.found()
    assert found.words[0] == str(tmp_path / "dockerd")
    assert (found.folder, found.output) == (os.path.realpath(tmp_path), os.path.realpath(tmp_path / "log"))
    assert found.environment["HOW"] == "by hand"
    assert not found.of_systemd
    begun = list[Any]()
    limits = list[Any]()

    def begin(words: list[str], **how: Any) -> SimpleNamespace:
        begun.append((words, how["cwd"], how["env"]))
        return SimpleNamespace(pid=4711)

    monkeypatch.setattr("tests.faults.daemon.subprocess.Popen", begin)
    monkeypatch.setattr("tests.faults.daemon.resource.prlimit", lambda *asked: limits.append(asked))
    found.restart()
    assert daemon.wait(10) == -15
    assert begun == [(found.words, found.folder, found.environment)]
    assert limits == [(4711, resource.RLIMIT_NOFILE, found.files)]


def test_a_daemon_that_would_have_fewer_files_is_not_ended(
    daemon: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.faults.daemon._name", lambda path: "dockerd" if path.name == str(daemon.pid) else "")
    found = Daemon.found()
    monkeypatch.setattr("tests.faults.daemon.resource.getrlimit", lambda _what: (10, 10))
    with pytest.raises(AssertionError, match=f"may open {found.files[1]} files and would be started again with 10"):
        found.restart()
    assert daemon.poll() is None
