"""deploy.sh run again: nothing changed means nothing touched, an interruption is completed, an upgrade keeps what is there."""

import fcntl
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import jwt
import pytest

from tests.appliance import Appliance
from tests.e2e.interruption import cut_short


@pytest.fixture(autouse=True)
def healthy_again(appliance: Appliance) -> Iterator[None]:
    """Whatever a test did, the next one meets a healthy appliance."""
    yield
    appliance.compose("up", "-d", "--no-build", timeout=300)
    appliance.wait_healthy(180)


def _deploy(appliance: Appliance, *options: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return appliance.run("./deploy.sh", "--yes", *options, check=check, timeout=900)


def _containers(appliance: Appliance) -> dict[str, tuple[str, str]]:
    """service -> (container id, time of its start)."""
    numbers = appliance.compose("ps", "-aq").stdout.split()
    found = json.loads(appliance.run("docker", "inspect", *numbers).stdout)
    return {one["Config"]["Labels"]["com.docker.compose.service"]: (one["Id"], one["State"]["StartedAt"]) for one in found}


def _configuration(root: Path) -> dict[str, tuple[str, int, int]]:
    """Every file that deploy.sh keeps -> (content, mode, inode)."""
    files = [root / ".env", *(path for path in (root / "secrets").rglob("*") if path.is_file())]
    return {str(path): (path.read_text(), path.stat().st_mode, path.stat().st_ino) for path in files}


def _people(appliance: Appliance) -> list[tuple[str, int]]:
    """Everybody who may sign in, with the number that each change of the account counts up."""
    users = json.loads(appliance.tradeai("user", "list", "--json").stdout)["users"]
    return [(user["email"], user["version"]) for user in users]


def test_a_second_run_touches_nothing(appliance: Appliance) -> None:
    _deploy(appliance)
    containers, configuration, people = _containers(appliance), _configuration(appliance.root), _people(appliance)
    started = time.monotonic()
    done = _deploy(appliance)
    seconds = time.monotonic() - started
    print(f"unchanged deploy.sh: {seconds:.1f} s (goal: under 15 s on an idle machine)")
    assert _containers(appliance) == containers
    assert _configuration(appliance.root) == configuration
    assert _people(appliance) == people
    assert "Password" not in done.stdout
    assert "all 11 services are healthy" in done.stdout


def test_a_dry_run_touches_nothing(appliance: Appliance) -> None:
    skip = ("logs", ".cache/deploy/lock", ".cache/deploy/facts.log")  # the last run's look at the host may end only now
    files = lambda: {  # noqa: E731
        str(path): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in appliance.root.rglob("*")
        if path.is_file() and not str(path.relative_to(appliance.root)).startswith(skip)
    }
    before, containers = files(), _containers(appliance)
    images = set(appliance.run("docker", "images", "-q").stdout.split())
    done = appliance.run("./deploy.sh", "--dry-run", "--port", "47080", "--demo", timeout=120)
    assert "nothing was changed" in done.stdout
    assert "would" in done.stdout
    assert files() == before
    assert _containers(appliance) == containers
    assert set(appliance.run("docker", "images", "-q").stdout.split()) == images


def test_the_settings_and_secrets_are_closed_to_others(appliance: Appliance) -> None:
    assert (appliance.root / ".env").stat().st_mode & 0o777 == 0o600
    for path in (appliance.root / "secrets").rglob("*"):
        if path.is_file() and path.name not in {"self-signed"}:
            assert path.stat().st_mode & 0o077 == 0, path


def test_a_name_that_is_new_is_appended_and_the_rest_stays(appliance: Appliance) -> None:
    env = appliance.root / ".env"
    before = env.read_text()
    without = "".join(line for line in before.splitlines(keepends=True) if not line.startswith("TRADEAI_LOCALE="))
    env.write_text(without)
    _deploy(appliance)
    assert env.read_text() == without + "TRADEAI_LOCALE=en\n"
    assert env.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("moment", "how"),
    [("Configuration", signal.SIGKILL), ("Images", signal.SIGINT), ("Services", signal.SIGINT), ("Services", signal.SIGKILL)],
    ids=["kill-configuration", "ctrl-c-images", "ctrl-c-services", "kill-services"],
)
def test_an_interrupted_run_is_completed_by_the_next(appliance: Appliance, moment: str, how: signal.Signals) -> None:
    # Something for the run to do: a service is gone and the images must be looked at again.
    appliance.compose("rm", "-sf", "nginx")
    (appliance.root / ".cache/deploy/images").unlink()
    cut_short(appliance.root, moment, how)

    before = _configuration(appliance.root)
    done = _deploy(appliance)
    assert "all 11 services are healthy" in done.stdout
    assert _configuration(appliance.root) == before
    assert not [name for name in before if name.endswith(".new")]
    appliance.wait_healthy(120)


@pytest.mark.parametrize("moment", ["Database", "People", pytest.param("Demonstration", marks=pytest.mark.long)])
def test_a_run_that_is_killed_once_everything_runs_is_completed_by_the_next(appliance: Appliance, moment: str) -> None:
    state = appliance.root / ".cache/deploy"
    options, until = (("--demo",), lambda: _loading(appliance)) if moment == "Demonstration" else ((), lambda: True)
    # So that the phase asks for the administrator, and does not take an earlier run's word for it.
    (state / "seen-administrator").unlink(missing_ok=True)
    configuration, containers, people = _configuration(appliance.root), _containers(appliance), _people(appliance)
    try:
        cut_short(appliance.root, moment, signal.SIGKILL, *options, until=until)
    finally:
        for left in _loading(appliance):
            appliance.run("docker", "rm", "-f", left)

    done = _deploy(appliance, *options)
    assert "all 11 services are healthy" in done.stdout
    assert "Password" not in done.stdout, "there is an administrator who knows it"
    assert not options or done.stdout.count("was there already") == 3
    assert (state / "seen-administrator").exists()
    assert not (state / "unseen-password").exists()
    assert _people(appliance) == people
    assert (_configuration(appliance.root), _containers(appliance)) == (configuration, containers)


def _loading(appliance: Appliance) -> list[str]:
    """The containers that load the demonstration."""
    mine = (f"label=com.docker.compose.project={appliance.project}", "label=com.docker.compose.service=demo")
    return appliance.run("docker", "ps", "-aq", "--filter", mine[0], "--filter", mine[1]).stdout.split()


def test_a_changed_secret_and_a_new_signing_key_reach_the_containers_and_nobody_is_signed_out(appliance: Appliance) -> None:
    env = appliance.root / ".env"
    before = env.read_text()
    changed = before.replace(appliance.env["SUPERVISOR_PASSWORD"], "x" * 40)
    try:
        with appliance.signed_in() as early:
            env.write_text(changed)
            _deploy(appliance, "--rotate-keys")
            inside = appliance.compose("exec", "-T", "supervisor", "cat", "/run/secrets/supervisor_password").stdout
            assert inside == "x" * 40
            with appliance.signed_in() as late:
                assert _key(late) != _key(early)
                assert late.get("/api/v1/auth/me").status_code == 200
            assert early.get("/api/v1/auth/me").status_code == 200
        assert not (appliance.root / ".cache/deploy/secrets-changed").exists()
    finally:
        env.write_text(before)
        _deploy(appliance)


def _key(client: httpx.Client) -> str:
    """The id of the key that signed the client's token."""
    return str(jwt.get_unverified_header(client.headers["Authorization"].removeprefix("Bearer "))["kid"])


def test_two_deploys_at_once_do_not_meet(appliance: Appliance) -> None:
    with (appliance.root / ".cache/deploy/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = _deploy(appliance, check=False)
    assert done.returncode != 0
    assert "Another deploy.sh is at work" in done.stderr


def test_a_taken_port_is_refused_before_anything_changes(appliance: Appliance) -> None:
    before, containers = _configuration(appliance.root), _containers(appliance)
    # The AI port of this very appliance, wanted for HTTP as well.
    done = _deploy(appliance, "--port", appliance.env["AI_PORT"], check=False)
    assert done.returncode != 0
    assert "named twice" in done.stderr
    assert _configuration(appliance.root) == before
    assert _containers(appliance) == containers
