"""`python -m app.backup watch`, every task by hand (backup, verify, drill, prune, restore, settle, undo, side), and `told`."""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from app.backup.orders import KINDS, MARK
from app.backup.records import TOLD, Record, keep_record, new_id
from app.backup.shelf import Shelf


def main() -> None:
    """Exit code 0 when it worked, 1 when not; the sentence that says why is on standard error."""
    wish = _arguments()
    if wish.kind == "watch":
        _watch()
        return
    if wish.kind == "told":
        _told(wish.who, *wish.arguments)
        return
    # A stop ends the task the way a failure does: what it began is cleared away.
    signal.signal(signal.SIGTERM, _leave)

    from app.backup.configuration import Configuration
    from app.backup.tasks import run
    from app.core.logging import configure_logging, get_logger

    config = Configuration()
    configure_logging(config)
    log = get_logger("app.backup")
    if not wish.id:
        logging.getLogger().setLevel(logging.CRITICAL)  # a person reads along: the sentence below says it all
    record = run(config, wish.kind, wish.who, wish.arguments, wish.id)
    if wish.id:  # the container's own log takes JSON lines only
        (log.info if record.ok else log.error)(record.text, record=record.id)
    elif wish.json:
        print(json.dumps(asdict(record), default=str, ensure_ascii=False))
    else:
        print(record.text, file=sys.stdout if record.ok else sys.stderr)
    sys.exit(0 if record.ok else 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app.backup", description=__doc__)
    parser.add_argument("kind", choices=("watch", "told", *KINDS))
    parser.add_argument("arguments", nargs="*", help="the backup's name or 'latest', and what the task wants besides")
    parser.add_argument("--who", default="operator", help="who asked for it, for the record")
    parser.add_argument("--id", default="", help="of the record")
    parser.add_argument("--check", action="store_true", help="restore: only look whether it could be done")
    parser.add_argument("--accept-broken", action="store_true", help="restore: also what contradicts itself")
    parser.add_argument(
        "--mark", default="", metavar="WORD", help="restore: stands in its journal, so that a script knows its own"
    )
    parser.add_argument("--json", action="store_true", help="print the record")
    wish = parser.parse_args()
    wish.arguments += [flag for flag, given in (("--check", wish.check), ("--accept-broken", wish.accept_broken)) if given]
    wish.arguments += [f"{MARK}{wish.mark}"] if wish.mark else []
    return wish


def _watch() -> None:
    from app.backup.watch import watch

    stopping = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda _number, _frame: stopping.set())
    watch(_shelf(), stopping)


def _told(who: str, kind: str, outcome: str, text: str) -> None:
    """The record of what a script on the host has done: told KIND ok|failed SENTENCE."""
    if kind not in TOLD or outcome not in {"ok", "failed"}:
        sys.exit(f"told takes one of {', '.join(TOLD)}, then ok or failed, then a sentence")
    now = datetime.now(UTC)
    keep_record(_shelf(), Record(new_id(now), kind, who, now, now, outcome == "ok", text[:1000]))


def _shelf() -> Shelf:
    # Not through the settings: what validates them takes twenty times the memory of the waiting process.
    return Shelf(Path(os.environ.get("TRADEAI_BACKUP_DIR", "/var/lib/tradeai/backups")))


def _leave(_number: int, _frame: object) -> NoReturn:
    sys.exit(1)


if __name__ == "__main__":
    main()
