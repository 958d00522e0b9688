"""The whole deploy.sh on a machine that does not fit: a code that is not zero, one sentence, and not a file written.

The tree is a copy, the machine is faked: no engine answers, and root, disk and registry are what a test says."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.unit.deploy.conftest import ROOT
from tests.unit.deploy.test_registry import registry

pytestmark = pytest.mark.slow  # real processes are started here

PARTS = ("deploy.sh", "scripts", "compose", "docker-compose.yml", ".env.example")
PORTS = ("HTTP_PORT", "HTTPS_PORT", "BACKEND_PORT", "REALTIME_PORT", "AI_PORT", "SUPERVISOR_PORT", "METRICS_PORT")
PROGRAMS = {
    "docker": "exit 1",
    "id": "echo ${FAKED_UID:-0}",
    "uname": "echo ${FAKED_MACHINE:-x86_64}",
    "df": 'echo Filesystem; echo "disk 0 0 ${FAKED_DISK_MB:-50000} 0% /"',
}
Deploy = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def free_ports() -> dict[str, str]:
    """A number for every door that nobody listens on."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _name in PORTS]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return {name: str(one.getsockname()[1]) for name, one in zip(PORTS, sockets, strict=True)}


@pytest.fixture
def machine(tmp_path: Path, free_ports: dict[str, str]) -> Iterator[dict[str, str]]:
    """The environment of a bare machine that fits, with a registry that answers."""
    (tmp_path / "bin").mkdir()
    for name, does in PROGRAMS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "tmp").mkdir()
    (tmp_path / "meminfo").write_text("MemTotal:        8000000 kB\n")
    (tmp_path / "os-release").write_text('ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n')
    with registry(401) as address:
        yield {
            "PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp"),
            "MEMINFO": str(tmp_path / "meminfo"), "OS_RELEASE": str(tmp_path / "os-release"), "REGISTRY_URL": address,
            "COMPOSE_PROJECT_NAME": "refused", "LOG_DIR": str(tmp_path / "logs"), "NGINX_LOG_DIR": str(tmp_path / "logs"),
            **free_ports,
        }  # fmt: skip


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A fresh clone, as far as deploy.sh needs it."""
    folder = tmp_path / "tradeai"
    folder.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        else:
            shutil.copy2(ROOT / part, folder / part)
    return folder


@pytest.fixture
def deploy(tree: Path, machine: dict[str, str], tmp_path: Path) -> Deploy:
    """`deploy("--yes", MEMINFO=...)`: runs it, and sees that nothing was written anywhere."""

    def files() -> list[str]:
        return sorted(str(path) for path in tmp_path.rglob("*"))

    def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        before = files()
        done = subprocess.run(
            ["./deploy.sh", *options], cwd=tree, env={**machine, **environment}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert files() == before
        return done

    return run


def _closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def _refused(done: subprocess.CompletedProcess[str], sentence: str) -> None:
    assert done.returncode == 1, done.stdout + done.stderr
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


def test_a_machine_that_fits_is_told_what_would_be_done(deploy: Deploy) -> None:
    done = deploy("--dry-run", "--demo")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "this machine fits: Debian 12, 7812 MB memory, 50000 MB free on disk" in done.stdout
    assert "would start the Docker engine" in done.stdout
    assert "nothing was changed" in done.stdout


@pytest.mark.parametrize(
    ("faked", "sentence"),
    [
        ({"FAKED_UID": "1000"}, "run it as root: sudo ./deploy.sh"),
        ({"FAKED_MACHINE": "armv7l"}, "this one is armv7l"),
        ({"FAKED_DISK_MB": "700"}, "TradeAI needs 8000 MB of free disk under /var/lib/docker; there are 700 MB"),
        ({"BACKEND_PORT": "http"}, 'BACKEND_PORT in .env must be a number, not "http"'),
    ],
    ids=["root", "processor", "disk", "no-number"],
)
def test_an_unfit_machine_is_refused(deploy: Deploy, faked: dict[str, str], sentence: str) -> None:
    _refused(deploy("--yes", **faked), sentence)


def test_too_little_memory_is_refused(deploy: Deploy, tmp_path: Path) -> None:
    (tmp_path / "meminfo").write_text("MemTotal:        2000000 kB\n")
    _refused(deploy("--yes"), "needs 4 GB of memory (8 GB is right); this machine has 1953 MB")


def test_another_distribution_is_refused(deploy: Deploy, tmp_path: Path) -> None:
    (tmp_path / "os-release").write_text('ID=fedora\nVERSION_ID="40"\nPRETTY_NAME="Fedora 40"\n')
    _refused(deploy("--yes"), "this is Fedora 40")


def test_the_disk_that_counts_is_the_one_under_docker(deploy: Deploy, tmp_path: Path) -> None:
    (tmp_path / "bin/df").unlink()  # the real one: no file of ours has room in /proc
    _refused(deploy("--yes", DOCKER_ROOT="/proc/docker/not-yet-there"), "there are 0 MB")


def test_a_clock_in_the_past_is_refused(deploy: Deploy, tree: Path) -> None:
    in_ten_years = (tree / "docker-compose.yml").stat().st_mtime + 10 * 365 * 86400
    os.utime(tree / "docker-compose.yml", (in_ten_years, in_ten_years))
    _refused(deploy("--yes"), "before this version was made; set the clock first")


def test_a_taken_port_is_refused(deploy: Deploy, free_ports: dict[str, str]) -> None:
    for name, way_out in (("HTTP_PORT", "with --port NUMBER"), ("METRICS_PORT", "for METRICS_PORT in .env")):
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", int(free_ports[name])))
            listener.listen()
            _refused(
                deploy("--yes"), f"Port {free_ports[name]} ({name}) is taken by another program on this machine; stop it, or"
            )
            assert way_out in deploy("--yes").stderr


def test_a_port_named_twice_is_refused(deploy: Deploy, free_ports: dict[str, str]) -> None:
    _refused(deploy("--yes", AI_PORT=free_ports["BACKEND_PORT"]), f"Port {free_ports['BACKEND_PORT']} is named twice")


def test_neither_a_registry_nor_an_archive_is_refused(deploy: Deploy) -> None:
    nobody = f"http://127.0.0.1:{_closed_port()}"
    done = deploy("--yes", REGISTRY_URL=f"{nobody}/v2/", TRADEAI_DEBIAN_MIRROR=f"{nobody}/debian")
    _refused(done, "Neither the image registry nor a Debian archive answers")
    _refused(deploy("--yes", "--offline", TRADEAI_DEBIAN_MIRROR=f"{nobody}/debian"), "Neither the image registry")


def test_nobody_to_ask_is_refused(deploy: Deploy) -> None:
    _refused(deploy(), "add --yes to deploy without a question")


@pytest.mark.parametrize("option", ["--harden", "--port=80", "yes"])
def test_an_unknown_option_is_refused(deploy: Deploy, option: str) -> None:
    _refused(deploy(option), f"Unknown option {option}; see ./deploy.sh --help")
