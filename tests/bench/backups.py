"""Backup against plain mongodump, verified restore against plain mongorestore, and what people notice of a backup."""

import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.appliance import Appliance
from tests.bench.result import Result, percentile

DOCUMENTS = int(os.environ.get("TRADEAI_BENCH_DOCUMENTS", "1600000"))
QUIET_SECONDS, PAUSE_SECONDS = 60.0, 0.05
_USER = 10001
_STEP_SECONDS = 7200


def measure(appliance: Appliance) -> list[Result]:
    """In a database beside the appliance's own, dropped afterwards."""
    with _folder() as out:
        try:
            _inside(appliance, out, "fill", str(DOCUMENTS))
            quiet = _ask_for(appliance, lambda over: over.wait(QUIET_SECONDS))
            busy = _ask_for(appliance, lambda _over: _inside(appliance, out, "our-dump"))
            dump = _inside(appliance, out, "dump")
            back = _inside(appliance, out, "restore")
        finally:
            _inside(appliance, out, "clear")
    times = f"{dump['ours']:.1f} s against {dump['control']:.1f} s, {DOCUMENTS:,} documents, {dump['size'] / 1e6:.0f} MB packed"
    p99, p99_quiet = percentile(busy, 0.99), percentile(quiet, 0.99)
    return [
        Result("backup against plain mongodump --archive --gzip", dump["ours"] / dump["control"], "x", 1.3, 1.0, times),
        Result("backup: memory beside the tool's", dump["extra_mb"], "MB", 100),
        Result("verified restore against plain mongorestore", back["ours"] / back["control"], "x", 1.5, 1.0,
               f"{back['ours']:.1f} s against {back['control']:.1f} s"),
        Result("list endpoint, p99 during a backup against quiet", p99 / p99_quiet, "x", 2.0, 1.0,
               f"{p99:.1f} ms against {p99_quiet:.1f} ms, {len(busy)} and {len(quiet)} requests"),
    ]  # fmt: skip


@contextmanager
def _folder() -> Iterator[Path]:
    """Where the archives lie, writable for the container's user."""
    with tempfile.TemporaryDirectory(prefix="tradeai-bench-") as name:
        os.chown(name, _USER, _USER)
        yield Path(name)


def _inside(appliance: Appliance, out: Path, *arguments: str) -> dict[str, Any]:
    """One step in a container like the one of the backups; what it measured."""
    script = Path(__file__).with_name("backups_inside.py")
    done = appliance.compose(
        "run", "--rm", "--no-deps", "-T", "-v", f"{script}:/bench/backups_inside.py:ro", "-v", f"{out}:/bench-out",
        "-e", "PYTHONPATH=/srv/tradeai", "backup", "python", "/bench/backups_inside.py", *arguments, timeout=_STEP_SECONDS,
    )  # fmt: skip
    line = next((line for line in done.stdout.splitlines() if line.startswith("RESULT ")), "RESULT {}")
    return dict(json.loads(line.removeprefix("RESULT ")))


def _ask_for(appliance: Appliance, work: Any) -> list[float]:
    """Milliseconds of each answer of the list while `work(over)` goes on; every page another, so that the database is asked."""
    times: list[float] = []
    over = threading.Event()
    with appliance.signed_in() as client:
        asking = threading.Thread(target=_ask, args=(client, times, over))
        asking.start()
        try:
            work(over)
        finally:
            over.set()
            asking.join()
    return times


def _ask(client: httpx.Client, times: list[float], over: threading.Event) -> None:
    turn = 0
    while not over.is_set():
        turn += 1
        began = time.perf_counter()
        client.get("/api/v1/customers", params={"sort": ("name", "-name", "code", "-code")[turn % 4], "limit": 1 + turn % 83})
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(PAUSE_SECONDS)
