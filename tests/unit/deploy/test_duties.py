"""deploy.sh's timer for what only the host can back up: systemd, else cron, else a word about it."""

from pathlib import Path

import pytest

from tests.unit.deploy.conftest import Bash


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An installation, with a systemctl that writes down what it is told."""
    (tmp_path / ".env").write_text("COMPOSE_PROJECT_NAME=mine\nBACKUP_DUTIES=on\n")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts/backup-duties.sh").write_text(f"#!/bin/sh\necho duties $* >>{tmp_path}/told\n")
    (tmp_path / "scripts/backup-duties.sh").chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/systemctl").write_text(f"#!/bin/sh\necho systemctl $* >>{tmp_path}/told\n")
    (tmp_path / "bin/systemctl").chmod(0o755)
    for name in ("run", "units", "cron"):
        (tmp_path / name).mkdir()
    return tmp_path


def paths(folder: Path, **changes: str) -> dict[str, str]:
    return {
        "PATH": f"{folder}/bin:/usr/bin:/bin", "SYSTEMD_RUNS": f"{folder}/run", "SYSTEMD_UNITS": f"{folder}/units",
        "CRON_FOLDER": f"{folder}/cron", **changes,
    }  # fmt: skip


def test_systemd_gets_a_timer_and_the_settings_are_saved_at_once(bash: Bash, folder: Path) -> None:
    done = bash("phase_duties", **paths(folder))
    assert done.returncode == 0, done.stderr
    assert "ExecStart=" in (folder / "units/mine-duties.service").read_text()
    timer = (folder / "units/mine-duties.timer").read_text()
    assert "OnCalendar=*-*-* 02:20:00 UTC" in timer
    assert "OnBootSec=" in timer
    told = (folder / "told").read_text().splitlines()
    assert told == ["duties --settings", "systemctl daemon-reload", "systemctl enable --now mine-duties.timer"]


def test_without_systemd_cron_gets_it(bash: Bash, folder: Path) -> None:
    done = bash("phase_duties", **paths(folder, SYSTEMD_RUNS="/nothing"))
    assert done.returncode == 0, done.stderr
    lines = (folder / "cron/mine-duties").read_text().splitlines()
    assert lines[0].startswith("20 2 * * * root /")
    assert lines[1].startswith("@reboot root ")


def test_without_either_it_says_so(bash: Bash, folder: Path) -> None:
    done = bash("phase_duties", **paths(folder, SYSTEMD_RUNS="/nothing", CRON_FOLDER="/nothing"))
    assert done.returncode == 0
    assert "neither systemd nor cron" in done.stderr


def test_switched_off_it_installs_nothing(bash: Bash, folder: Path) -> None:
    (folder / ".env").write_text("COMPOSE_PROJECT_NAME=mine\nBACKUP_DUTIES=off\n")
    assert "run scripts/backup-duties.sh yourself" in bash("phase_duties", **paths(folder)).stdout
    assert list((folder / "units").iterdir()) == []
