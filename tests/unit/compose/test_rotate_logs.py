"""nginx's log files turn at a limit, five are kept, and nginx is told to open new ones."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "compose" / "nginx" / "rotate-logs"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that the script looks at 20 times a second, with a limit of 99 bytes; nginx writes down what it is told."""
    logs, commands = tmp_path / "logs", tmp_path / "bin"
    logs.mkdir()
    commands.mkdir()
    (commands / "nginx").write_text(f'#!/bin/sh\necho "$@" >>{tmp_path}/told\n')
    (commands / "nginx").chmod(0o755)
    running = subprocess.Popen(["bash", SCRIPT, logs, "99", "0.05"], env={"PATH": f"{commands}:{os.environ['PATH']}"})
    yield logs
    assert running.poll() is None, "it gave up"
    running.kill()
    running.wait()


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in ten seconds"
        time.sleep(0.02)


def _told(folder: Path) -> list[str]:
    told = folder.parent / "told"
    return told.read_text().splitlines() if told.exists() else []


def test_a_full_file_turns_five_are_kept_and_nginx_opens_new_ones(folder: Path) -> None:
    for generation in range(1, 8):
        (folder / "writing").write_text(str(generation) * 100)
        (folder / "writing").rename(folder / "access.log")  # at once, so that it is never seen half written
        _until(lambda count=generation: len(_told(folder)) == count)
    assert set(_told(folder)) == {"-s reopen"}
    kept = {path.name: path.read_text()[0] for path in folder.iterdir()}
    assert kept == {"access.log.1": "7", "access.log.2": "6", "access.log.3": "5", "access.log.4": "4", "access.log.5": "3"}


def test_what_is_not_full_stays_and_the_other_file_turns_alone(folder: Path) -> None:
    (folder / "access.log").write_text("x" * 99)
    (folder / "writing").write_text("y" * 100)
    (folder / "writing").rename(folder / "error.log")
    _until(lambda: (folder / "error.log.1").exists())
    _until(lambda: _told(folder) == ["-s reopen"])
    assert (folder / "access.log").read_text() == "x" * 99
    assert not (folder / "access.log.1").exists()


def test_by_itself_it_turns_at_20_megabytes() -> None:
    text = SCRIPT.read_text()
    assert "limit=${2:-$((20 * 1024 * 1024))}" in text
    assert '/opt/tradeai/rotate-logs "$logs" 2>&1' in SCRIPT.with_name("entrypoint").read_text(), "started without another limit"
