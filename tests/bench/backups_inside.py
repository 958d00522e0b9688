"""Runs inside the image of the backups: our backup and restore against the plain tools, on the same documents, in turn.

`fill COUNT` repeats the demonstration's sales under other customers' ids; `dump` and `restore` print one line `RESULT {...}` in
seconds; `clear` leaves nothing behind. Every measured run is a process of its own, so that its memory is its own.
"""

import itertools
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from app.backup.configuration import Configuration
from app.backup.dump import Source, make_backup
from app.backup.restore import Target, restore, settle
from app.backup.shelf import DATABASE, Shelf
from app.core.clock import SYSTEM
from app.trade.sales.store import INDEXES

BENCH, RESTORED, PLAIN = "tradeai_bench_backup", "tradeai_bench_restored", "tradeai_bench_plain"
OUT = Path("/bench-out")
BATCH = 5000


def fill(count: int) -> None:
    config = Configuration()
    with config.source.server.client() as client:
        client.drop_database(BENCH)
        db, sales = client[BENCH], client[config.mongo_database]["sales"]
        made, turn = 0, 0
        while made < count:
            for batch in _batches(sales.find(batch_size=BATCH), turn, count - made):
                db["sales"].insert_many(batch, ordered=False)
                made += len(batch)
            if not made:
                sys.exit("There are no sales to repeat: scripts/tradeai demo load")
            turn += 1
            print(f"{made} documents", flush=True)
        for index in INDEXES:
            db["sales"].create_index(list(index.keys), unique=index.unique, **(index.options or {}))
    print("RESULT " + json.dumps({"documents": made}))


def _batches(sales: Iterable[dict[str, Any]], turn: int, most: int) -> Iterator[list[dict[str, Any]]]:
    """The sales under other ids, at most so many; never all at once: the container is small."""
    batch: list[dict[str, Any]] = []
    for sale in itertools.islice(sales, most):
        batch.append({**sale, "_id": f"{turn}-{sale['_id']}", "customer_id": f"{turn}-{sale['customer_id']}"})
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def dump() -> None:
    controls, ours, extra = [_measured("plain-dump")[0]], *_measured("our-dump")
    controls.append(_measured("plain-dump")[0])
    size = (OUT / "plain.gz").stat().st_size
    print(
        "RESULT "
        + json.dumps({"control": sum(controls) / 2, "controls": controls, "ours": ours, "extra_mb": extra, "size": size})
    )


def restored() -> None:
    control, ours = _measured("plain-restore")[0], _measured("our-restore")[0]
    print("RESULT " + json.dumps({"control": control, "ours": ours}))


def clear() -> None:
    with Configuration().source.server.client() as client:
        for name in (BENCH, RESTORED, PLAIN):
            client.drop_database(name)
    for path in OUT.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _measured(what: str) -> tuple[float, float]:
    """Seconds, and megabytes of the Python process around the tool."""
    done = subprocess.run([sys.executable, __file__, what], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"{what}: {found['seconds']:.1f} s", flush=True)
    return found["seconds"], found["megabytes"]


def _timed(work: Callable[[], object]) -> None:
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def _tool(name: str, *options: str) -> None:
    with Configuration().source.server.command(name, "--quiet", "--gzip", *options) as command:
        subprocess.run(command, check=True)


def _source(database: str) -> Source:
    own = Configuration().source
    return Source(own.server, database, own.secrets)


def _our_dump() -> None:
    shutil.rmtree(OUT / "shelf", ignore_errors=True)
    make_backup(Shelf(OUT / "shelf"), DATABASE, _source(BENCH), "bench", SYSTEM)


def _our_restore() -> None:
    """With everything a restore does: checks before, loads beside, reads back in full, switches."""
    own, shelf = Configuration().target, Shelf(OUT / "shelf")
    target = Target(_source(RESTORED), own.read_secret, own.newest_migration)
    restore(shelf, shelf.find("latest"), target, SYSTEM)
    settle(shelf, target.source)


WORK: dict[str, Callable[[], object]] = {
    "plain-dump": lambda: _tool("mongodump", f"--archive={OUT}/plain.gz", f"--db={BENCH}"),
    "our-dump": _our_dump,
    "plain-restore": lambda: _tool(
        "mongorestore", f"--archive={OUT}/plain.gz", "--stopOnError", f"--nsFrom={BENCH}.*", f"--nsTo={PLAIN}.*"
    ),
    "our-restore": _our_restore,
}

if __name__ == "__main__":
    wish = sys.argv[1]
    if wish in WORK:
        _timed(WORK[wish])
    else:
        {"fill": lambda: fill(int(sys.argv[2])), "dump": dump, "restore": restored, "clear": clear}[wish]()
