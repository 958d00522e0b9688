"""scripts/update.sh on the deployed appliance: what is broken at any step is left again by itself: code, images, data."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.appliance import Appliance, wait_until

UPDATE_SECONDS = 1800
# Nothing here waits for its own sake: what is watched for shows at once.
QUICK = {"WATCH_SECONDS": "20", "START_SECONDS": "150", "WELL_SECONDS": "300"}
LOGS = "/var/log/tradeai"  # the folder LOG_DIR as the container sees it: what the host touches there turns a version bad

BUILD = ("compose/Dockerfile", "\n# --- backup:", "\nRUN echo this version cannot be built && exit 7\n\n# --- backup:")
START = ("app/web/main.py", "    config = config or settings()\n", '    raise RuntimeError("this version does not start")\n')
HEALTH = (
    "app/web/main.py",
    "    return app\n",
    f"""
    @app.before_request
    def sick():
        import os
        from flask import request
        if request.path == "/health" and os.path.exists("{LOGS}/sick"):
            return "sick", 503

    return app
""",
)
LEAK = (
    "app/web/main.py",
    "    return app\n",
    """
    import itertools
    turn = itertools.count(1)

    @app.before_request
    def leak():
        from flask import request
        if request.path == "/api/v1/auth/me" and next(turn) % 5 == 0:
            raise RuntimeError("one in five breaks")

    return app
""",
)
MIGRATION = (
    "app/core/migrations/m0002_broken.py",
    "",
    '''"""Breaks in the middle."""

TITLE = "breaks in the middle"


def up(db):
    db["customers"].update_many({}, {"$set": {"half_migrated": True}})
    raise RuntimeError("this migration breaks in the middle")
''',
)
GOOD = ("app/__init__.py", "", "# Another version.\n")
Change = tuple[str, str, str]


@dataclass(frozen=True)
class Clone:
    """The appliance's folder as a git clone; `make` adds a version that can be updated to."""

    appliance: Appliance
    elsewhere: Path

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        who = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "safe.directory=*")
        done = subprocess.run(
            ["git", *who, *arguments], cwd=folder or self.appliance.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def make(self, name: str, change: Change) -> str:
        """The branch `name`: this version with one file changed."""
        path, old, new = change
        self.git("checkout", "--quiet", "-B", name, "origin/base", folder=self.elsewhere)
        file = self.elsewhere / path
        text = file.read_text() if file.exists() else ""
        assert old in text
        file.write_text(text.replace(old, new, 1) if old else text + new)
        self.git("add", path, folder=self.elsewhere)
        self.git("commit", "--quiet", "-m", name, folder=self.elsewhere)
        self.git("push", "--quiet", "--force", "origin", name, folder=self.elsewhere)
        return name

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    @property
    def step(self) -> str:
        state = self.appliance.root / ".cache/update/state"
        lines = state.read_text().splitlines() if state.exists() else []
        return next((line.removeprefix("STEP=") for line in lines if line.startswith("STEP=")), "")

    def update(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["scripts/update.sh", *arguments], cwd=self.appliance.root, env={**os.environ, **QUICK, **environment}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip


@pytest.fixture(scope="module")
def clone(appliance: Appliance, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A clone for the module; afterwards the folder is what it was."""
    made = Clone(appliance, tmp_path_factory.mktemp("versions") / "clone")
    made.git("init", "--quiet", "--initial-branch", "base")
    (appliance.root / ".git/info/exclude").write_text("/logs/\n/test-password\n")
    made.git("add", "--all")
    made.git("commit", "--quiet", "-m", "base")
    made.git("config", "receive.denyCurrentBranch", "ignore")
    subprocess.run(["git", "clone", "--quiet", str(appliance.root), str(made.elsewhere)], check=True)
    yield made
    subprocess.run(["rm", "-rf", str(appliance.root / ".git")], check=True)
    appliance.wait_healthy(300)


@dataclass(frozen=True)
class Before:
    """What must be the same afterwards."""

    head: str
    images: str
    customers: int


@pytest.fixture
def before(appliance: Appliance, clone: Clone) -> Iterator[Callable[[], None]]:
    """Call it to see that everything is as it was; backups made before are there too."""
    appliance.wait_healthy(300)
    backups = set(_backups(appliance))
    was = Before(clone.head, _images(appliance), _customers(appliance))

    def unchanged() -> None:
        appliance.wait_healthy(300)
        assert Before(clone.head, _images(appliance), _customers(appliance)) == was
        assert _mongosh(appliance, "print(db.customers.countDocuments({half_migrated: true}))") == "0"
        assert backups <= set(_backups(appliance))
        assert clone.step == ""

    yield unchanged
    (appliance.root / appliance.env["LOG_DIR"] / "sick").unlink(missing_ok=True)


def test_a_version_that_cannot_be_built_is_left_and_nothing_that_runs_was_touched(
    clone: Clone, before: Callable[[], None], appliance: Appliance
) -> None:
    containers = appliance.compose("ps", "--quiet").stdout
    said = _ended(clone.update(clone.make("build", BUILD)), 1)
    assert "was undone: its images could not be built: Images could not be built" in said
    assert appliance.compose("ps", "--quiet").stdout == containers
    before()
    assert "was undone (its images could not be built" in _told(appliance)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "change", "sentence"),
    [
        ("migration", MIGRATION, "was undone: it did not start or migrate: The database could not be migrated"),
        ("start", START, "was undone: it did not start or migrate: Not everything became healthy within its time: backend"),
    ],
)
def test_a_version_that_breaks_while_it_is_switched_to_is_left(
    clone: Clone, before: Callable[[], None], name: str, change: Change, sentence: str
) -> None:
    assert sentence in _ended(clone.update(clone.make(name, change)), 1)
    before()


@pytest.mark.long
def test_a_version_that_falls_sick_while_it_is_watched_is_left(
    clone: Clone, before: Callable[[], None], appliance: Appliance
) -> None:
    update = clone.update(clone.make("health", HEALTH), WATCH_SECONDS="120")
    wait_until(lambda: clone.step == "watch" or update.poll() is not None, UPDATE_SECONDS, "it was never watched")
    (appliance.root / appliance.env["LOG_DIR"] / "sick").touch()
    assert "was undone: it does not work: the appliance is " in _ended(update, 1)
    before()


@pytest.mark.long
def test_a_version_that_breaks_one_request_in_five_is_left(
    clone: Clone, before: Callable[[], None], appliance: Appliance
) -> None:
    update = clone.update(clone.make("leak", LEAK), WATCH_SECONDS="120")
    wait_until(lambda: clone.step == "watch" or update.poll() is not None, UPDATE_SECONDS, "it was never watched")
    over = threading.Event()
    people = threading.Thread(target=_ask_on, args=(appliance, over))
    people.start()
    try:
        said = _ended(update, 1)
    finally:
        over.set()
        people.join()
    assert "requests were answered with an error" in said
    before()


@pytest.mark.long
@pytest.mark.parametrize("step", ["build", "switch", "watch"])
def test_a_power_cut_at_any_step_is_undone_by_the_next_run(clone: Clone, before: Callable[[], None], step: str) -> None:
    update = clone.update(clone.make("good", GOOD))
    wait_until(lambda: clone.step == step or update.poll() is not None, UPDATE_SECONDS, f"it never came to {step}")
    time.sleep(3)  # into the middle of the step
    os.killpg(update.pid, signal.SIGKILL)
    update.wait(30)
    said = _ended(clone.update("--undo"), 0)
    assert f'an update was interrupted at the step "{step}"' in said
    before()


@pytest.mark.long
def test_going_back_may_itself_be_cut_short(clone: Clone, before: Callable[[], None]) -> None:
    update = clone.update(clone.make("migration", MIGRATION))
    said: list[str] = []
    assert update.stdout
    for line in update.stdout:
        said.append(line)
        if "restoring the backup from before" in line:
            break
    time.sleep(5)
    os.killpg(update.pid, signal.SIGKILL)
    update.wait(30)
    assert "restoring the backup from before" in said[-1], "".join(said)[-2000:]
    _ended(clone.update("--undo"), 0)
    before()


@pytest.mark.long
def test_a_good_version_stays_and_the_way_on_from_it_works(clone: Clone, appliance: Appliance) -> None:
    fired = _fired(appliance)
    _ended(clone.update(clone.make("good", GOOD)), 0)
    assert clone.head == clone.git("rev-parse", "good")
    assert json.loads(appliance.tradeai("service", "maintenance", "list", "--json").stdout) == {"leases": []}
    assert _fired(appliance) == fired  # a switch is no alarm
    appliance.wait_healthy(300)
    _ended(clone.update("base"), 0)
    assert clone.head == clone.git("rev-parse", "base")


def _fired(appliance: Appliance) -> set[str]:
    """The alerts about services that people were or are told of."""
    document = json.loads(appliance.tradeai("alerts", "list", "--all", "--json", check=False).stdout)
    known = [*document["alerts"], *document["recent"]]
    return {alert["id"] for alert in known if alert["rule"].startswith("service_") and alert["fired_at"]}


def _ended(update: "subprocess.Popen[str]", code: int) -> str:
    """What it said. Everything is put back by itself before it ends."""
    said, _nothing = update.communicate(timeout=UPDATE_SECONDS)
    assert update.returncode == code, said[-4000:]
    return said


def _ask_on(appliance: Appliance, over: threading.Event) -> None:
    with appliance.signed_in() as client:
        while not over.wait(0.2):
            try:
                client.get("/api/v1/auth/me")  # lists are answered from the cache before a request begins
            except httpx.HTTPError:
                continue


def _images(appliance: Appliance) -> str:
    names = ("backend", "worker", "ai", "supervisor", "backup", "nginx")
    return "\n".join(appliance.compose("ps", "--format", "{{.Service}} {{.Image}}", *names).stdout.split()) + "\n" + "\n".join(
        appliance.run("docker", "inspect", "-f", "{{.Image}}", *appliance.compose("ps", "--quiet", *names).stdout.split())
        .stdout.split()
    )  # fmt: skip


def _customers(appliance: Appliance) -> int:
    return int(_mongosh(appliance, "print(db.customers.countDocuments())"))


def _mongosh(appliance: Appliance, script: str) -> str:
    return appliance.compose("exec", "-T", "mongodb", "mongosh", "--eval", script).stdout.strip()


def _backups(appliance: Appliance) -> list[str]:
    return [one["id"] for one in json.loads(appliance.tradeai("backup", "list", "--json").stdout)["backups"]]


def _told(appliance: Appliance) -> str:
    return appliance.tradeai("backup", "list", "--json").stdout
