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
PLANTED, NOTE = "/var/lib/tradeai/planted", "signed before the loss"
RECOVERY_MB = int(os.environ.get("RECOVERY_MB", "0"))
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
    _fill(lost.appliance)
    data_mb = _data_mb(lost.appliance)
    kept = [_write(lost.appliance, f"Before the backup {number}") for number in range(3)]

    _plant(lost.appliance)
    settings = "# of the lost machine\n"
    (lost.folder / "config" / "alerts.toml").write_text(settings)

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
    recovery_seconds = watch.seconds
    after = _manifest(_backup_now(new.appliance))  # before anybody signs in, which is written down
    names = _names(new.appliance)

    assert [name for name in kept if name not in names] == []
    assert [name for name in gone if name in names] == []
    # What was made in the volume of the AI, in the supervisor's records and in the settings came back too.
    assert new.appliance.compose("exec", "-T", "ai", "cat", PLANTED).stdout == "of the lost machine"
    assert NOTE in new.appliance.tradeai("maintenance", "list", "--json", check=False).stdout
    assert (new.folder / "config" / "alerts.toml").read_text() == settings
    assert new.appliance.tradeai("audit", "verify").returncode == 0
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
            "data_mb": data_mb,
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


def _plant(appliance: Appliance) -> None:
    """A file beside the AI's models, and a signature in the supervisor's records."""
    appliance.compose("exec", "-T", "ai", "sh", "-c", f"printf 'of the lost machine' >{PLANTED}")
    duty = json.loads(appliance.tradeai("maintenance", "list", "--json", check=False).stdout)["duties"][0]["name"]
    appliance.tradeai("maintenance", "sign", duty, "--who", "Ada", "--note", NOTE)


def _fill(appliance: Appliance) -> None:
    """Up to RECOVERY_MB megabytes of sales; without it the demonstration's alone."""
    if not RECOVERY_MB:
        return
    script = Path(__file__).with_name("filling.py")
    appliance.compose(
        "run", "--rm", "--no-deps", "-T", "-v", f"{script}:/filling.py:ro", "-e", "PYTHONPATH=/srv/tradeai", "backup",
        "python", "/filling.py", str(RECOVERY_MB), timeout=7200,
    )  # fmt: skip


def _data_mb(appliance: Appliance) -> float:
    """All documents as BSON."""
    script = (
        "import bson; from app.backup.configuration import Configuration as C; c = C()\n"
        "with c.source.server.client() as client:\n"
        "    db = client[c.mongo_database]\n"
        "    print(sum(len(batch) for name in db.list_collection_names() if not name.startswith('system.')"
        " for batch in db[name].find_raw_batches()))"
    )
    said = appliance.compose("exec", "-T", "backup", "python", "-c", script, timeout=1800).stdout
    return round(int(said.split()[-1]) / 1e6, 1)


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
