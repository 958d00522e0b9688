"""Everything the container can be asked to do, each under the lock, with progress, and a record at the end."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from app.backup.configuration import Configuration
from app.backup.drill import drill, withdraw_proof
from app.backup.dump import make_backup
from app.backup.errors import BackupUnusable, OffsiteFailed, RestoreFailed
from app.backup.invariants import contradictions
from app.backup.lock import only_one
from app.backup.offsite import copy_out
from app.backup.orders import MARK
from app.backup.owed import action_of, owe
from app.backup.progress import ProgressFile
from app.backup.prune import verdicts
from app.backup.quarterly import facts as report_facts
from app.backup.quarterly import quarterly
from app.backup.records import Record, keep_record, new_id
from app.backup.restore import go_back, preflight, restore, settle, unfinished
from app.backup.shelf import DATABASE, SAFETY
from app.backup.side import in_words, restore_side
from app.backup.verify import verify
from app.core import redis
from app.core.clock import SYSTEM, Clock
from app.core.errors import TradeError
from app.core.i18n import _
from app.core.indexes import declared_indexes, missing_indexes
from app.core.logging import get_logger
from app.core.migrations import migrate
from app.core.mongo import ensure_indexes

PROGRESS = "progress.json"
_SAFETY_KEPT = 3
Done = tuple[str, str, dict[str, Any]]  # which backup, the sentence, the facts
Task = Callable[[Configuration, ProgressFile, Clock, Sequence[str]], Done]

log = get_logger(__name__)


def run(
    config: Configuration, kind: str, who: str, arguments: Sequence[str] = (), task_id: str = "", clock: Clock = SYSTEM
) -> Record:
    """Do one task to its end and keep the record of it. A failure is a record too; nothing is raised for it."""
    shelf, began_at = config.shelf, clock.now()
    facts: dict[str, Any] = {}
    ok, about = False, arguments[0] if arguments else ""
    try:
        with ExitStack() as stack:
            stack.enter_context(only_one(shelf.lock, f"{kind} ({who})", clock))
            if kind not in {"settle", "undo", "verify"} and unfinished(shelf):
                raise RestoreFailed(_("A restore was interrupted. Undo it first: scripts/restore.sh --undo"))
            shelf.sweep()
            progress = ProgressFile(shelf.work / PROGRESS, kind, clock)
            stack.callback(progress.over)
            about, text, facts = TASKS[kind](config, progress, clock, [who] if kind == "quarterly" else arguments)
            ok = not facts.get("failed")
    except TradeError as error:
        text, facts = error.detail, {"error": error.kind}
    except Exception as error:
        log.exception("a task of the backup broke", task=kind)
        text, facts = (
            _("It broke: {error}. The container's log has more.", error=f"{type(error).__name__}: {error}"[:300]),
            {"error": "internal"},
        )
    record = Record(task_id or new_id(began_at), kind, who, began_at, clock.now(), ok, text, about, facts)
    try:
        keep_record(shelf, record)
        if action := action_of(record, arguments):
            owe(shelf, record.ended_at, who, action, about, text)
    except OSError as error:  # a full disk: what was done is done all the same
        log.error("the record could not be kept", reason=error.strerror)
    tell = log.info if ok else log.error
    tell("a task of the backup is over", task=kind, about=about, text=text, seconds=round(record.seconds, 1))
    if ok and kind == "backup" and config.offsite:
        run(config, "offsite", who, (about,), clock=clock)  # a record of its own: the backup is whole whatever comes of its copy
    return record


def _backup(config: Configuration, progress: ProgressFile, clock: Clock, arguments: Sequence[str]) -> Done:
    shelf = config.shelf
    made = shelf.find(make_backup(shelf, DATABASE, config.source, arguments[0] if arguments else "hand", clock, progress))
    assert made.manifest
    text = _(
        "{name} is made: {documents} documents, {size} MB.",
        name=made.id,
        documents=made.manifest.documents,
        size=round(made.manifest.size / 1e6, 1),
    )
    return made.id, text, {"size": made.manifest.size, "documents": made.manifest.documents}


def _verify(config: Configuration, progress: ProgressFile, clock: Clock, arguments: Sequence[str]) -> Done:
    backup = config.shelf.find(arguments[0] if arguments else "latest")
    try:
        manifest = verify(backup, progress)
    except BackupUnusable as error:
        withdraw_proof(backup, error.detail, clock)
        raise
    text = _("{name} is whole: {documents} documents as its manifest says.", name=backup.id, documents=manifest.documents)
    return backup.id, text, {"documents": manifest.documents}


def _drill(config: Configuration, progress: ProgressFile, clock: Clock, arguments: Sequence[str]) -> Done:
    backup = config.shelf.find(arguments[0] if arguments else "latest")
    proof = drill(backup, config.throwaway, contradictions, clock, progress, config.second_backend.read)
    text = _(
        "{name} was restored and compared: {documents} documents in {collections} collections, in {seconds} s.",
        name=backup.id,
        documents=proof["documents"],
        collections=proof["collections"],
        seconds=round(proof["seconds"]),
    )
    return backup.id, f"{text} {proof['reading']}", proof


def _offsite(config: Configuration, progress: ProgressFile, clock: Clock, arguments: Sequence[str]) -> Done:
    backup = config.shelf.find(arguments[0] if arguments else "latest")
    if not config.offsite:
        raise OffsiteFailed(_("No place is set: BACKUP_OFFSITE in .env, then ./deploy.sh. See docs/backup.md."))
    stored = copy_out(backup, config.elsewhere, clock, progress)
    return backup.id, _("{name} lies in {target} too, and was compared there.", name=backup.id, target=config.offsite), stored


def _prune(config: Configuration, progress: ProgressFile, clock: Clock, _arguments: Sequence[str]) -> Done:
    shelf = config.shelf
    progress.step("prune")
    doomed = [verdict.id for verdict in verdicts(shelf, clock.now()) if not verdict.keep]
    for backup in (*map(shelf.find, doomed), *shelf.backups(SAFETY)[_SAFETY_KEPT:]):
        shelf.remove(backup)
    return (
        "",
        _("{count} backups were deleted, {kept} are kept.", count=len(doomed), kept=len(shelf.backups())),
        {"deleted": doomed},
    )


def _restore(config: Configuration, progress: ProgressFile, clock: Clock, arguments: Sequence[str]) -> Done:
    backup = config.shelf.find(arguments[0] if arguments else "latest")
    if "--check" in arguments[1:]:
        manifest = preflight(config.shelf, backup, config.target, progress)
        return (
            backup.id,
            _("{name} can be restored here. Nothing was changed.", name=backup.id),
            {"documents": manifest.documents},
        )
    mark = next((one.removeprefix(MARK) for one in arguments[1:] if one.startswith(MARK)), "")
    record = restore(
        config.shelf, backup, config.target, clock, progress, accept_broken="--accept-broken" in arguments[1:], mark=mark
    )
    _bring_up_to_date(config)
    _forget_derived(config)
    text = _("{name} is restored and compared; what was there before is kept until the services work.", name=backup.id)
    return backup.id, text, record


def _settle(config: Configuration, _progress: ProgressFile, _clock: Clock, _arguments: Sequence[str]) -> Done:
    about = str((unfinished(config.shelf) or {}).get("backup", ""))
    settle(config.shelf, config.source)
    return about, _("The restore of {name} is complete.", name=about), {}


def _undo(config: Configuration, _progress: ProgressFile, _clock: Clock, _arguments: Sequence[str]) -> Done:
    about = str((unfinished(config.shelf) or {}).get("backup", ""))
    go_back(config.shelf, config.source)
    _forget_derived(config)
    return about, _("The restore of {name} was undone: the data is what it was before.", name=about), {}


def _side(config: Configuration, progress: ProgressFile, _clock: Clock, arguments: Sequence[str]) -> Done:
    """BACKUP SIDE collection=NAME | customer=ID"""
    backup, source = config.shelf.find(arguments[0]), config.source
    wanted: Mapping[str, str] = dict(one.split("=", 1) for one in arguments[2:])
    compared = restore_side(
        backup,
        source.server,
        source.database,
        arguments[1],
        collection=wanted.get("collection", ""),
        customer=wanted.get("customer", ""),
        progress=progress,
    )
    text = _("{name} lies in the database {side}, compared with the live one:", name=backup.id, side=arguments[1])
    lines = [in_words(name, one) for name, one in compared.items()]
    return backup.id, "\n".join([text, *lines]), {"collections": {name: asdict(one) for name, one in compared.items()}}


def _quarterly(config: Configuration, progress: ProgressFile, clock: Clock, arguments: Sequence[str]) -> Done:
    report = quarterly(config, progress, clock, who=arguments[0])
    wrong = [step for step in report.steps if step.outcome == "bad"]
    text = (
        _("The recovery test {name} went wrong: {what}", name=report.id, what=" ".join(step.text for step in wrong))
        if wrong
        else _("The recovery test {name} went well; its report is kept.", name=report.id)
    )
    return "", text, report_facts(report) | {"failed": bool(wrong)}


def _bring_up_to_date(config: Configuration) -> None:
    """A backup of an older version gets the migrations and indexes of this one."""
    source = config.source
    with source.server.client() as client:
        db = client[source.database]
        migrate(db)
        ensure_indexes(db, missing_indexes(db, declared_indexes()))


def _forget_derived(config: Configuration) -> None:
    """Empty Redis: sessions, caches, queue and the audit trail's anchor speak of data that is not there any more."""
    redis.connect(config).flushdb()


TASKS: Mapping[str, Task] = {
    "backup": _backup,
    "verify": _verify,
    "drill": _drill,
    "offsite": _offsite,
    "prune": _prune,
    "restore": _restore,
    "settle": _settle,
    "undo": _undo,
    "side": _side,
    "quarterly": _quarterly,
}
