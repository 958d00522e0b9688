"""A machine is lost with everything on it; another becomes it from one folder elsewhere, by one command."""

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.appliance import Appliance
from tests.recovery.machine import EMAIL, PASSWORD, ROOT, Machine, Stopwatch, project_name
from tests.recovery.report import keep

pytestmark = pytest.mark.long
FOLDER = ROOT / ".cache" / "recovery"
# Entries are added by signing in and by the recovery itself; that the old ones are there is compared apart.
MOVES_ON = {"audit"}


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """The mounted share: all that is left of the lost machine."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "elsewhere").mkdir(parents=True)
    yield FOLDER / "elsewhere"
    if not os.environ.get("KEEP"):
        for name in ("lost", "new"):
            Machine(FOLDER / name, project_name()).lose()
        shutil.rmtree(FOLDER, ignore_errors=True)


def test_a_lost_machine_comes_back_from_one_folder_elsewhere(elsewhere: Path) -> None:
    lost = Machine(FOLDER / "lost", project_name())
    lost.lose()
    lost.install().deploy("--demo")
    lost.run(
        "sh",
        "-c",
        f"printf '%s\\n' '{PASSWORD}' | scripts/tradeai user add {EMAIL} --name Tester --role administrator --password-stdin",
    )
    lost.appliance.wait_healthy(300)
    kept = [_write(lost.appliance, f"Before the backup {number}") for number in range(3)]

    watch = Stopwatch()
    lost.run("scripts/backup-system.sh", "--to", str(elsewhere), seconds=1800)
    backup_seconds = watch.seconds
    (full,) = [path for path in elsewhere.iterdir() if path.is_dir()]
    before = _manifest(next((full / "database").iterdir()))
    gone = [_write(lost.appliance, f"After the backup {number}") for number in range(2)]
    made = datetime.fromisoformat(re.search(r"made (\S+)", (full / "about").read_text())[1])  # type: ignore[index]
    lost_seconds = round(time.time() - made.timestamp())
    lost.lose()

    watch = Stopwatch()
    new = Machine(FOLDER / "new", project_name())
    new.folder.mkdir()
    new.run("tar", "-xzf", str(full / "code.tar.gz"))
    said = new.deploy("--restore-from", str(elsewhere))
    new.appliance.wait_healthy(300)
    names = _names(new.appliance)
    recovery_seconds = watch.seconds

    assert [name for name in kept if name not in names] == []
    assert [name for name in gone if name in names] == []
    # What was made in the volume of the AI and in the supervisor's records came back too.
    assert new.appliance.tradeai("audit", "verify").returncode == 0
    after = _manifest(_backup_now(new.appliance))
    collections = before["collections"]
    moved = sorted(name for name in collections if after["collections"].get(name) != collections[name])
    assert set(moved) <= MOVES_ON, moved
    assert all(after["collections"][name]["count"] >= collections[name]["count"] for name in moved)
    told = re.search(r"recovered in (\d+) s, to the state of (\S+): what was written in the (\d+) min", said)
    assert told, said[-2000:]
    assert told[2] == re.search(r"made (\S+)", (full / "about").read_text())[1]  # type: ignore[index]
    keep(
        {
            "documents": sum(collection["count"] for collection in collections.values()),
            "collections": len(collections),
            "archive_mb": round(before["size"] / 1e6, 1),
            "backup_seconds": backup_seconds,
            "recovery_seconds": recovery_seconds,
            "data_back_seconds": int(told[1]),
            "lost_seconds": lost_seconds,
            "kept": len(kept),
            "kept_of": len(kept),
            "lost": len(gone),
            "equal": len(collections) - len(moved),
            "moved": moved,
            "load": round(os.getloadavg()[0], 1),
        }
    )


def _write(appliance: Appliance, name: str) -> str:
    """A new customer through the API; its name."""
    with appliance.signed_in() as client:
        answer = client.post("/api/v1/customers", json={"name": name, "code": name.replace(" ", "-").upper()})
        assert answer.status_code == 201, answer.text
    return name


def _names(appliance: Appliance) -> set[str]:
    with appliance.signed_in() as client:
        answer = client.get("/api/v1/customers", params={"q": "the backup", "limit": 200})
        assert answer.status_code == 200, answer.text
        return {row["name"] for row in answer.json()["items"]}


def _backup_now(appliance: Appliance) -> Path:
    made = json.loads(appliance.tradeai("backup", "now", "--json", timeout=900).stdout)
    assert made["ok"], made
    return appliance.root / appliance.env["BACKUP_DIR"] / "database" / made["backup"]


def _manifest(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "manifest.json").read_text()))
