"""What was measured, kept as JSON and written as docs/recovery.md."""

import json
from pathlib import Path
from typing import Any

from tests.bench.__main__ import machine

_ROOT = Path(__file__).resolve().parents[2]
MEASURED = _ROOT / "tests" / "artifacts" / "recovery.json"
_WORDS = Path(__file__).with_name("words.md")
GOAL_SECONDS, GOAL_MB = 600, 1000


def keep(measured: dict[str, Any]) -> None:
    MEASURED.parent.mkdir(parents=True, exist_ok=True)
    MEASURED.write_text(json.dumps({"machine": machine(), **measured}, indent=1))


def goal(seconds: float, data_mb: float) -> str:
    """What a measurement says about the goal of ten minutes with 1 GB: with less data nothing, unless even that took longer."""
    if seconds > GOAL_SECONDS:
        return f"goal {GOAL_SECONDS} s with {GOAL_MB} MB: **not met**"
    if data_mb < GOAL_MB:
        return (
            f"the goal is {GOAL_SECONDS} s with {GOAL_MB} MB: with {data_mb} MB this does not show it; RECOVERY_MB={GOAL_MB} does"
        )
    return f"goal {GOAL_SECONDS} s with {GOAL_MB} MB: met"


def page(measured: dict[str, Any]) -> str:
    """docs/recovery.md."""
    on = measured["machine"]
    met = goal(measured["recovery_seconds"], measured["data_mb"])
    rows = (
        (
            "data",
            f"{measured['documents']:,} documents in {measured['collections']} collections, "
            f"{measured['data_mb']} MB of BSON, {measured['archive_mb']} MB packed",
        ),
        ("full backup to the mounted folder, compared there", f"{measured['backup_seconds']} s"),
        (
            "**recovery time**: from the bare machine to every service healthy with the data",
            f"**{measured['recovery_seconds']} s** ({met})",
        ),
        ("of it, by deploy.sh's own account until the data was back", f"{measured['data_back_seconds']} s"),
        (
            "**recovery point**: from the backup to the loss",
            f"**{measured['lost_seconds']} s**; with monthly full backups alone up to a month, with nightly copies a day",
        ),
        ("written before the backup and there again", f"{measured['kept']} of {measured['kept_of']}"),
        ("written after the backup and lost", str(measured["lost"])),
        (
            "collections whose content hash is the same as before the loss",
            f"{measured['equal']} of {measured['collections']}{_moved(measured['moved'])}",
        ),
        ("audit trail after the recovery", "one unbroken chain"),
        ("load on the machine meanwhile (1 minute average, 2 would be busy)", str(measured["load"])),
    )
    table = "\n".join(f"| {what} | {found} |" for what, found in rows)
    return (
        "# Disaster recovery, as measured\n\n"
        f"Written by `scripts/test.sh --only recovery` on {on['measured']}: {on['cores']} cores ({on['processor']}), "
        f"{on['memory']}, Linux {on['kernel']}.\n\n| what | measured |\n|---|---|\n{table}\n\n{_WORDS.read_text()}"
    )


def _moved(names: list[str]) -> str:
    return f"; {', '.join(names)} moved on by itself: what it held before is there, compared one by one" if names else ""
