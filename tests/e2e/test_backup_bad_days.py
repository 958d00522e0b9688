"""Bad days of the deployed appliance: whatever dies in the middle, the data, the earlier backups and the words are right."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.appliance import Appliance, wait_until

MARK = "written after the backup"
# The disk fills between the look at it and the dump.
FULL_DISK = """
mkdir -p /tmp/tools && printf '#!/bin/sh\\ndd if=/dev/zero of=/var/lib/tradeai/backups/filler bs=1M 2>/dev/null
exec /opt/mongo-tools/mongodump "$@"\\n' >/tmp/tools/mongodump && chmod 755 /tmp/tools/mongodump
python -m app.backup backup; echo "code $?"; ls -A /var/lib/tradeai/backups/database
"""


class Data:
    """What must be the same before and after."""

    def __init__(self, appliance: Appliance) -> None:
        self._appliance = appliance

    def look(self) -> tuple[str, ...]:
        script = (
            "print(db.sales.countDocuments(), db.customers.countDocuments(), db.audit.countDocuments() > 0, "
            f"db.customers.countDocuments({{_id: '{MARK}'}}), "
            "db.getCollectionNames().filter(n => /^re(storing|placed)_/.test(n)).length)"
        )
        return tuple(self._appliance.compose("exec", "-T", "mongodb", "mongosh", "--eval", script).stdout.split())


@pytest.fixture(scope="module")
def backup(appliance: Appliance) -> str:
    appliance.wait_healthy()
    made = json.loads(appliance.tradeai("backup", "now", "--json").stdout)
    assert made["ok"], made
    return str(made["backup"])


@pytest.fixture
def unchanged(appliance: Appliance, backup: str) -> Iterator[Callable[[], None]]:
    """Something is written after the backup; call it to see that it, and all else, is there."""
    write = f"db.customers.replaceOne({{_id: '{MARK}'}}, {{_id: '{MARK}'}}, {{upsert: true}})"
    appliance.compose("exec", "-T", "mongodb", "mongosh", "--eval", write)
    data = Data(appliance)
    before = data.look()
    assert before[3:] == ("1", "0")

    def same() -> None:
        appliance.wait_healthy(300)
        assert data.look() == before
        listed = _list(appliance)
        assert backup in [one["id"] for one in listed["backups"] if one["usable"]]
        assert appliance.tradeai("audit", "verify").returncode == 0

    yield same
    appliance.compose("exec", "-T", "mongodb", "mongosh", "--eval", f"db.customers.deleteOne({{_id: '{MARK}'}})")


def test_the_disk_fills_while_dumping(appliance: Appliance, unchanged: Callable[[], None]) -> None:
    secrets = [
        option
        for name in ("mongo_backup_password", "redis_password", "secret_key", "jwt_keys")
        for option in ("-v", f"{appliance.root}/secrets/{name}:/run/secrets/{name}:ro")
    ]
    done = appliance.run(
        "docker", "run", "--rm", "--network", f"{appliance.project}_data", *secrets,
        "--tmpfs", "/var/lib/tradeai/backups:size=300m,uid=10001,gid=10001", "--tmpfs", "/tmp:exec,mode=1777",
        "-e", "TRADEAI_MONGO_HOST=mongodb", "-e", "TRADEAI_REDIS_HOST=redis", "-e", "TRADEAI_TOOLS_DIR=/tmp/tools",
        "-e", "TRADEAI_SECRETS_DIR=/run/secrets", f"tradeai/backup:{appliance.env['TRADEAI_TAG']}", "sh", "-c", FULL_DISK,
    )  # fmt: skip
    assert "cannot be written: No space left on device. The earlier backups are untouched" in done.stderr
    assert done.stdout.split() == ["code", "1"]
    unchanged()


def test_a_second_restore_is_refused_while_one_is_at_work(
    appliance: Appliance, backup: str, unchanged: Callable[[], None]
) -> None:
    asked = [_ask_restore(appliance, backup) for _time in range(2)]
    assert (asked[0].status_code, asked[1].status_code) == (202, 409)
    assert "A restore is under way" in asked[1].json()["detail"]
    _until_over(appliance)
    appliance.wait_healthy(300)
    assert _list(appliance)["restore"]["ok"]
    # It is what the backup holds; put what was written since back for the next look.
    write = f"db.customers.insertOne({{_id: '{MARK}'}})"
    appliance.compose("exec", "-T", "mongodb", "mongosh", "--eval", write)
    unchanged()


@pytest.mark.long
def test_the_database_dies_in_the_middle_of_a_dump(appliance: Appliance, unchanged: Callable[[], None]) -> None:
    order = _order(appliance, "backup")
    _when(appliance, "dump")
    _kill(appliance, "mongodb")
    record = _record(appliance, order)
    assert not record["ok"]
    assert "mongodump did not end well" in record["text"] or "The database does not answer" in record["text"]
    _alert(appliance, "backup_failed")
    unchanged()
    assert json.loads(appliance.tradeai("backup", "now", "--json").stdout)["ok"]


@pytest.mark.long
def test_the_database_dies_in_the_middle_of_a_restore(appliance: Appliance, backup: str, unchanged: Callable[[], None]) -> None:
    assert _ask_restore(appliance, backup).status_code == 202
    _when(appliance, "restore")
    _kill(appliance, "mongodb")
    _until_over(appliance)
    outcome = _list(appliance)["restore"]
    assert not outcome["ok"]
    assert "undone" in outcome["outcome"], outcome
    wait_until(lambda: not (_work(appliance) / "restore.json").exists(), 300, "it was not undone")
    unchanged()
    _alert(appliance, "restore_failed")


@pytest.mark.long
def test_the_supervisor_is_killed_in_the_middle_of_a_backup(appliance: Appliance, unchanged: Callable[[], None]) -> None:
    order = _order(appliance, "backup")
    _when(appliance, "dump")
    _kill(appliance, "supervisor")
    record = wait_until(lambda: _record_or_none(appliance, order), 300, "the backup did not end")
    assert record["ok"], record
    unchanged()


@pytest.mark.long
def test_the_supervisor_is_killed_in_the_middle_of_a_restore(
    appliance: Appliance, backup: str, unchanged: Callable[[], None]
) -> None:
    assert _ask_restore(appliance, backup).status_code == 202
    _when(appliance, "restore")
    _kill(appliance, "supervisor")
    wait_until(lambda: _answers(appliance), 120, "the supervisor did not come back")
    wait_until(lambda: not (_work(appliance) / "restore.json").exists() and not _busy(appliance), 600, "it was not undone")
    assert _list(appliance)["restore"]["outcome"] == "The interrupted restore was undone: the data is what it was before."
    unchanged()


@pytest.mark.long
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_the_container_of_the_backups_is_killed_in_the_middle_and_does_the_order_again(
    appliance: Appliance, backup: str, what: str, unchanged: Callable[[], None]
) -> None:
    order = _order(appliance, "backup") if what == "backup" else ""
    if what == "restore":
        assert _ask_restore(appliance, backup).status_code == 202
    _when(appliance, "dump" if what == "backup" else "restore")
    _kill(appliance, "backup")
    if what == "backup":
        assert wait_until(lambda: _record_or_none(appliance, order), 300, "it was not done again")["ok"]
        unchanged()
        return
    _until_over(appliance)
    appliance.wait_healthy(300)
    assert _list(appliance)["restore"]["ok"], _list(appliance)["restore"]
    assert Data(appliance).look()[3:] == ("0", "0")


def _keeper(appliance: Appliance) -> httpx.Client:
    return httpx.Client(
        base_url=appliance.local("SUPERVISOR_PORT"), auth=("operator", appliance.env["SUPERVISOR_PASSWORD"]), timeout=30
    )


def _list(appliance: Appliance) -> dict[str, Any]:
    with _keeper(appliance) as keeper:
        return dict(keeper.get("/api/v1/backups").json())


def _answers(appliance: Appliance) -> bool:
    try:
        return bool(_list(appliance))
    except (httpx.HTTPError, ValueError):
        return False


def _ask_restore(appliance: Appliance, backup: str) -> httpx.Response:
    with _keeper(appliance) as keeper:
        return keeper.post(f"/api/v1/backups/{backup}/restore", json={"who": "a test"})


def _order(appliance: Appliance, kind: str) -> str:
    with _keeper(appliance) as keeper:
        answer = keeper.post("/api/v1/backups/tasks", json={"kind": kind, "who": "a test"})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])


def _record_or_none(appliance: Appliance, order: str) -> dict[str, Any] | None:
    try:
        with _keeper(appliance) as keeper:
            found = keeper.get(f"/api/v1/backups/tasks/{order}").json()
    except (httpx.HTTPError, ValueError):
        return None
    return found if found.get("over") else None


def _record(appliance: Appliance, order: str) -> dict[str, Any]:
    return dict(wait_until(lambda: _record_or_none(appliance, order), 300, "the task did not end"))


def _work(appliance: Appliance) -> Any:
    return appliance.root / appliance.env["BACKUP_DIR"] / ".work"


def _when(appliance: Appliance, step: str) -> None:
    """Wait until the container is at that step."""

    def there() -> bool:
        try:
            return bool(json.loads((_work(appliance) / "progress.json").read_text())["step"] == step)
        except (OSError, ValueError):
            return False

    pause = threading.Event()
    for _turn in range(12_000):
        if there():
            return
        pause.wait(0.01)
    raise AssertionError(f"it never came to the step {step}")


def _busy(appliance: Appliance) -> bool:
    listed = _list(appliance)
    return bool(listed["restore"]["step"] or listed["waiting"] or listed["progress"])


def _until_over(appliance: Appliance) -> None:
    wait_until(lambda: not _busy(appliance), 900, "the restore did not end")


def _kill(appliance: Appliance, service: str) -> None:
    """The process, past Docker: Docker starts nothing again that was killed through it."""
    container = appliance.compose("ps", "--quiet", service).stdout.strip()
    found = subprocess.run(["docker", "inspect", "-f", "{{.State.Pid}}", container], capture_output=True, text=True, check=True)
    os.kill(int(found.stdout), signal.SIGKILL)


def _alert(appliance: Appliance, rule: str) -> None:
    def there() -> bool:
        listed = json.loads(appliance.tradeai("alerts", "list", "--json", check=False).stdout)  # 1 while it fires
        return rule in json.dumps(listed)

    wait_until(there, 90, f"there is no alert {rule}")
