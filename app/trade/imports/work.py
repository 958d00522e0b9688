"""The three long steps of an import, as jobs: checking, landing, taking back. Each can be run again from the start."""

from datetime import timedelta
from typing import Any

from app.access.audit.service import record
from app.access.models import Principal, Role
from app.core.cache import changing
from app.core.clock import now
from app.core.errors import Conflict, TradeError, Unavailable
from app.core.events import emit
from app.core.i18n import _
from app.core.jobs import JobCancelled, Progress
from app.core.logging import get_logger
from app.core.mongo import Document
from app.trade.imports import checking, store
from app.trade.imports.landing import land_sales
from app.trade.imports.models import Kind, Status
from app.trade.imports.node_landing import ChangedSince, drop_created, land_nodes, revert_nodes
from app.trade.sales import store as sales

log = get_logger(__name__)

KEPT_FILE_DAYS = 90
STEPS = {Status.VALIDATING: "validate", Status.LANDING: "land", Status.REVERTING: "revert"}


def validate(progress: Progress, import_id: str, who: dict[str, str]) -> dict[str, Any]:
    """Check the file. A file that cannot be checked fails the import, not the job: the import says why."""
    person, document = _person(who), store.get(import_id)
    if document["status"] != Status.VALIDATING.value:
        return {"status": document["status"]}
    try:
        with store.open_file(import_id) as stream:
            outcome = checking.check(document, stream, progress)
    except JobCancelled:
        store.move(import_id, [Status.VALIDATING], Status.MAPPING, {"failure": _("Checking was stopped.")}, person.user_id)
        raise
    except TradeError as error:
        _fail(person, document, error.detail)
        return {"status": Status.FAILED.value, "failure": error.detail}
    changes = {"counts": outcome.counts, "totals": outcome.totals, "weeks": outcome.weeks, "failure": None}
    document = store.move(import_id, [Status.VALIDATING], Status.VALIDATED, changes, person.user_id)
    _tell(person, document, "validated")
    return {"status": Status.VALIDATED.value, "counts": outcome.counts}


def land(progress: Progress, import_id: str, who: dict[str, str]) -> dict[str, Any]:
    """Land the checked rows; continues where an interrupted attempt stopped."""
    person, document = _person(who), store.get(import_id)
    if document["status"] != Status.LANDING.value:
        return {"status": document["status"]}
    _claim(person, document)
    try:
        if document["kind"] == Kind.SALES.value:
            counts = land_sales(document, progress)
        else:
            counts = land_nodes(document, progress, person.user_id)
    except ChangedSince as error:
        store.unclaim(import_id)
        store.move(import_id, [Status.LANDING], Status.MAPPING, {"failure": error.detail}, person.user_id)
        raise
    except JobCancelled:
        _fail(person, document, _("Landing was stopped in the middle. Continue it, or take back what has landed."))
        raise
    except TradeError as error:
        _fail(person, document, error.detail)
        raise
    document = store.move(import_id, [Status.LANDING], Status.LANDED, {"landed": counts}, person.user_id)
    store.unclaim(import_id)
    store.drop_staged(import_id)
    record(person, "imports.landed", "import", import_id, None, {"file_name": document["file_name"], **counts})
    _tell(person, document, "landed")
    return {"status": Status.LANDED.value, "counts": counts}


def revert(progress: Progress, import_id: str, who: dict[str, str]) -> dict[str, Any]:
    """Put back what the import replaced, delete what it added."""
    from app.trade.imports.service import refuse_overwritten  # late: service starts this job

    person, document = _person(who), store.get(import_id)
    if document["status"] != Status.REVERTING.value:
        return {"status": document["status"]}
    _claim(person, document)
    if not document.get("reverting_since"):
        try:
            refuse_overwritten(document)  # again, now that nobody else can land
        except TradeError as error:
            store.move(import_id, [Status.REVERTING], Status.LANDED, {"failure": error.detail}, person.user_id)
            store.unclaim(import_id)
            raise
        store.note(import_id, {"reverting_since": document["updated_at"]})
    try:
        if document["kind"] == Kind.SALES.value:
            counts, kept = _revert_sales(document, progress)
        else:
            counts, kept = revert_nodes(document), []
    except JobCancelled:
        _fail(person, document, _("Taking back was stopped in the middle. Continue it."))
        raise
    except TradeError as error:
        _fail(person, document, error.detail)
        raise
    changes = {"reverted": counts, "kept_nodes": kept[:20], "landed_chunks": 0}
    document = store.move(import_id, [Status.REVERTING], Status.REVERTED, changes, person.user_id)
    store.unclaim(import_id)
    store.drop_before(import_id)
    store.drop_staged(import_id)
    record(person, "imports.reverted", "import", import_id, None, {"file_name": document["file_name"], **counts})
    _tell(person, document, "reverted")
    return {"status": Status.REVERTED.value, "counts": counts}


def forget_uploads(progress: Progress) -> dict[str, int]:
    """Drop file, checked rows and row errors of imports older than KEPT_FILE_DAYS; what landed stays and can go back."""
    busy = {one["_id"] for one in store.find({"status": {"$in": [step.value for step in STEPS]}}, {"_id": 1})}
    old = [one for one in store.uploaded_before(now() - timedelta(days=KEPT_FILE_DAYS)) if one not in busy]
    for done, import_id in enumerate(old, start=1):
        store.drop_file(import_id)
        store.drop_staged(import_id)
        store.drop_errors(import_id)
        progress.report(done, len(old), _("{count} files forgotten", count=done))
    return {"forgotten": len(old)}


def _revert_sales(document: Document, progress: Progress) -> tuple[dict[str, int], list[str]]:
    import_id, restored = document["_id"], 0
    numbers = store.before_numbers(import_id)
    for place, number in enumerate(numbers, start=1):
        before = store.before(import_id, number)
        with changing("sales"):
            sales.restore(import_id, before)
        restored += len(before)
        progress.report(place, len(numbers) + 1, _("{count} rows put back", count=f"{restored:,}"))
    with changing("sales"):
        deleted = sales.delete_import(import_id)
    created, kept = drop_created(import_id)
    progress.report(len(numbers) + 1, len(numbers) + 1, _("{count} rows deleted", count=f"{deleted:,}"))
    return {"restored": restored, "deleted": deleted, "deleted_nodes": created}, kept


def _claim(person: Principal, document: Document) -> None:
    """Only one import changes the data at a time; an interrupted one keeps the right until it is continued or taken back."""
    holder = store.claim(document["_id"])
    if holder is None:
        return
    try:
        name = store.get(holder)["file_name"]
    except TradeError:
        name = holder
    back = Status.VALIDATED if document["status"] == Status.LANDING.value else Status.LANDED
    reason = _("{file} is being landed or taken back, or was interrupted. Finish that first, then repeat this.", file=name)
    if not document.get("landed_chunks") or back is Status.LANDED:
        store.move(document["_id"], [Status(document["status"])], back, {"failure": reason}, person.user_id)
    raise Conflict(reason)


def _fail(person: Principal, document: Document, reason: str) -> None:
    changes = {"failure": reason, "failed_while": document["status"]}
    moved = store.move(document["_id"], [Status(document["status"])], Status.FAILED, changes, person.user_id)
    _tell(person, moved, "failed")


def _person(who: dict[str, str]) -> Principal:
    return Principal(who["user_id"], who["name"], who["email"], Role(who["role"]))


def _tell(person: Principal, document: Document, what: str) -> None:
    told = {
        "id": document["_id"],
        "file_name": document["file_name"],
        "kind": document["kind"],
        "status": document["status"],
        "counts": document.get("landed") or document.get("counts", {}),
    }
    for topic in ("imports", f"imports/{document['_id']}"):
        emit(topic, f"import.{what}", told, actor=person.user_id)
    if what in {"landed", "reverted"}:
        emit(document["kind"], f"{document['kind']}.changed", told, actor=person.user_id)
        if document["kind"] == Kind.SALES.value:
            _find_promotions(person, document["_id"])


def _find_promotions(person: Principal, import_id: str) -> None:
    """Observed promotions follow the sales; without a queue the next import, or a person, has them looked for."""
    from app.trade.promotions.work import enqueue_find  # late: promotions know sales, imports need not know promotions

    try:
        enqueue_find(person, import_id)
    except Unavailable as error:
        log.warning("promotions are not looked for", import_id=import_id, error=error.detail)
