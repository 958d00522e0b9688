"""An unfit machine is refused with one clear sentence and a code that is not zero."""

import socket
from pathlib import Path

import pytest

from tests.unit.deploy.conftest import Bash


def _os_release(folder: Path, name: str, version: str) -> str:
    path = folder / "os-release"
    path.write_text(f'ID={name}\nVERSION_ID="{version}"\nPRETTY_NAME="{name.title()} {version}"\n')
    return str(path)


@pytest.mark.parametrize(("name", "version"), [("debian", "12"), ("debian", "13"), ("ubuntu", "22.04"), ("ubuntu", "24.04")])
def test_supported_distributions_pass(bash: Bash, tmp_path: Path, name: str, version: str) -> None:
    assert bash(f'check_distribution "{_os_release(tmp_path, name, version)}"').returncode == 0


@pytest.mark.parametrize(("name", "version"), [("debian", "11"), ("ubuntu", "20.04"), ("fedora", "40"), ("debian", "")])
def test_other_distributions_are_refused_by_name(bash: Bash, tmp_path: Path, name: str, version: str) -> None:
    done = bash(f'check_distribution "{_os_release(tmp_path, name, version)}"')
    assert done.returncode != 0
    assert f"this is {name.title()} {version}" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_too_little_memory_is_refused(bash: Bash, tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:        2000000 kB\n")
    done = bash('check_memory "$(memory_mb)"', MEMINFO=str(tmp_path / "meminfo"))
    assert done.returncode != 0
    assert "needs 4 GB of memory" in done.stderr
    assert "1953 MB" in done.stderr


def test_four_gigabytes_pass_with_a_warning(bash: Bash, tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:        4000000 kB\n")
    done = bash('check_memory "$(memory_mb)"', MEMINFO=str(tmp_path / "meminfo"))
    assert done.returncode == 0
    assert "8 GB is right" in done.stderr


def test_a_full_disk_is_refused(bash: Bash) -> None:
    done = bash("check_disk 3000 8000")
    assert done.returncode != 0
    assert "8000 MB of free disk" in done.stderr
    assert bash("check_disk 9000 8000").returncode == 0


def test_a_clock_before_this_version_is_refused(bash: Bash) -> None:
    assert bash("check_clock 1000000000 1700000000").returncode != 0
    assert bash("check_clock 1700000001 1700000000").returncode == 0


def test_somebody_who_is_not_root_is_told_how(bash: Bash) -> None:
    done = bash("check_root 1000")
    assert done.returncode != 0
    assert "sudo ./deploy.sh" in done.stderr


def test_a_taken_port_is_named_with_the_way_out(bash: Bash, tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        (tmp_path / ".env").write_text(_ports(HTTP_PORT=port))
        done = bash("own_ports() { :; }; check_ports")
    assert done.returncode != 0
    assert f"Port {port} (HTTP_PORT) is taken" in done.stderr
    assert "--port NUMBER" in done.stderr


def test_a_port_held_by_this_installation_is_no_obstacle(bash: Bash, tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        (tmp_path / ".env").write_text(_ports(HTTP_PORT=port))
        done = bash(f"own_ports() {{ echo {port}; }}; check_ports")
    assert done.returncode == 0, done.stderr


def test_two_services_cannot_share_a_port(bash: Bash, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(_ports(AI_PORT=47011, BACKEND_PORT=47011))
    done = bash("own_ports() { :; }; check_ports")
    assert done.returncode != 0
    assert "47011 is named twice" in done.stderr


def _ports(**changed: int) -> str:
    numbers = {
        "HTTP_PORT": 47001,
        "HTTPS_PORT": 47002,
        "BACKEND_PORT": 47003,
        "REALTIME_PORT": 47004,
        "AI_PORT": 47005,
        "SUPERVISOR_PORT": 47006,
        "METRICS_PORT": 47007,
    }
    return "".join(f"{name}={number}\n" for name, number in {**numbers, **changed}.items())
