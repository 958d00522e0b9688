"""Two never write at once, and the second is told who is at work."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.backup.errors import OtherAtWork
from app.backup.lock import only_one
from app.core.clock import FixedClock

CLOCK = FixedClock(datetime(2026, 3, 1, 2, 0, tzinfo=UTC))
HOLDER = """
import fcntl, sys
file = open(sys.argv[1], "a+")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_the_second_is_refused_with_the_name_of_the_first(tmp_path: Path) -> None:
    with (
        only_one(tmp_path / "lock", "backup by cron", CLOCK),
        pytest.raises(OtherAtWork, match=r"“backup by cron” has been at work since 2026-03-01 02:00 UTC. Nothing was begun"),
        only_one(tmp_path / "lock", "another", CLOCK),
    ):
        pass


def test_it_is_free_afterwards(tmp_path: Path) -> None:
    for _turn in range(2):
        with only_one(tmp_path / "lock", "backup", CLOCK):
            pass


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(OtherAtWork), only_one(lock, "another", CLOCK):
            pass
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    with only_one(lock, "another", CLOCK):
        pass
