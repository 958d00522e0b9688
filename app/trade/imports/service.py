"""What a person can do with an import, step by step; the work itself is in work.py and runs in the worker."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from redis.exceptions import RedisError

from app.access.audit.service import record
from app.access.models import Permission, Principal
from app.access.permissions import allowed, require
from app.core import jobs
from app.core.errors import Conflict, FieldError, Invalid, NotFound, TooLarge
from app.core.events import emit
from app.core.i18n import N_, _, ngettext
from app.core.ids import new_id
from app.core.jobs import Progress
from app.core.mongo import Document
from app.core.paging import Page, PageRequest
from app.core.settings import settings
from app.trade.imports import checking, store, work
from app.trade.imports.findings import shown
from app.trade.imports.guessing import guess_columns, normalised, remembered_columns, signature
from app.trade.imports.models import Kind, MappingInput, Options, Status
from app.trade.imports.node_landing import changed_later
from app.trade.imports.reading import Table, open_table
from app.trade.imports.rules import mapping_errors, may_follow, touched_data

INLINE_BYTES = {"csv": 150_000, "xlsx": 25_000}
_SHOWN_SAMPLES = 5
_BLOCK = 1 << 20

NEEDED = {
    Kind.SALES: Permission.SALES_IMPORT,
    Kind.CUSTOMERS: Permission.CUSTOMERS_WRITE,
    Kind.PRODUCTS: Permission.PRODUCTS_WRITE,
}


def may_import(who: Principal) -> list[Kind]:
    """The kinds of file that this person may import."""
    return [kind for kind, permission in NEEDED.items() if allowed(who, permission)]


def get(who: Principal, import_id: str) -> Document:
    """The import; raises NotFound."""
    require(who, Permission.SALES_READ)
    return store.get(import_id)


def page(who: Principal, where: Document, request: PageRequest, count: bool = True) -> Page:
    """One page of imports."""
    require(who, Permission.SALES_READ)
    return store.page(where, request, count)


def last_landed(who: Principal) -> Document | None:
    """The newest import that landed, for the home page."""
    require(who, Permission.SALES_READ)
    return store.last({"status": Status.LANDED.value})


def upload(who: Principal, stream: BinaryIO, file_name: str, kind: Kind, again: bool = False) -> Document:
    """Take in a file and guess its columns. A file with the same content is not taken in twice unless `again`:
    then the earlier import is returned with `already_imported`. Raises TooLarge, UnusableFile; then nothing is kept.
    """
    require(who, NEEDED[kind])
    size, digest = _measure(stream)
    earlier = store.last(
        {"sha256": digest, "kind": kind.value, "status": {"$nin": [Status.REVERTED.value, Status.DISCARDED.value]}}
    )
    if earlier is not None and (not again or earlier["status"] != Status.LANDED.value):
        return {**earlier, "already_imported": True}
    table = open_table(stream, file_name)
    import_id = new_id("import")
    document = {
        "_id": import_id,
        "kind": kind.value,
        "file_name": Path(file_name.replace("\\", "/")).name[:200] or "upload",
        "size": size,
        "sha256": digest,
        "format": table.format,
        "status": Status.MAPPING.value,
        "notes": table.notes,
        "counts": {},
        "totals": {},
        **_guessed(kind, table),
    }
    store.keep_file(import_id, document["file_name"], stream)
    document = store.insert(document, who.user_id)
    _tell(who, document, "uploaded")
    return document


def _measure(stream: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    stream.seek(0)
    while block := stream.read(_BLOCK):
        digest.update(block)
        size += len(block)
        if size > settings().upload_limit_bytes:
            raise TooLarge(_("The file is larger than {limit} MB. Split it and import the parts.",
                             limit=settings().upload_limit_bytes // 2**20))  # fmt: skip
    return size, digest.hexdigest()


def _guessed(kind: Kind, table: Table) -> Document:
    """Header, samples, and the mapping as remembered for such files or guessed."""
    samples = checking.sample(table)
    mark = signature(kind, table.header)
    known = store.remembered_mapping(kind, mark)
    mapping = remembered_columns(known["columns"], table.header) if known else guess_columns(kind, table.header, samples)
    options = Options.model_validate(known["options"]) if known else Options()
    found = checking.notation(kind, mapping, samples, table.delimiter)
    return {
        "header": table.header,
        "samples": [[shown(cell) for cell in row[: len(table.header)]] for row in samples[:_SHOWN_SAMPLES]],
        "mapping": mapping,
        "options": options.model_dump(mode="json"),
        "remembered": known is not None,
        "signature": mark,
        "found": {"decimal_mark": found.mark, "date_format": found.date_order, "date_ambiguous": found.date_ambiguous},
    }


def set_mapping(who: Principal, import_id: str, wanted: MappingInput, version: int | None = None) -> Document:
    """Choose columns and options, then check the file: at once when it is small, else as a job (status validating).

    Raises Invalid naming what has to be chosen, Stale when the import is elsewhere meanwhile.
    """
    document = _may_change(who, import_id, Status.VALIDATING)
    kind = Kind(document["kind"])
    errors = mapping_errors(kind, wanted.columns, len(document["header"]))
    if errors:
        raise Invalid(_("The columns are not complete yet."), errors)
    with store.open_file(import_id) as stream:
        checking.settle(kind, wanted.columns, wanted.options, open_table(stream, document["file_name"]))
    columns = {name: normalised(document["header"][index]) for name, index in wanted.columns.items()}
    options = wanted.options.model_dump(mode="json")
    store.remember_mapping(kind, document["signature"], columns, options, who.user_id)
    changes = {"mapping": wanted.columns, "options": options, "failure": None, "failed_while": None, "counts": {}, "totals": {}}
    document = store.move(
        import_id, [Status.MAPPING, Status.VALIDATED, Status.FAILED], Status.VALIDATING, changes, who.user_id, version
    )
    if document["size"] <= INLINE_BYTES[document["format"]]:
        work.validate(Progress.unwatched(), import_id, _acting(who))
        return store.get(import_id)
    return _start(who, document, "validate", _("Checking {file}", file=document["file_name"]), back_to=Status.MAPPING)


def confirm(who: Principal, import_id: str, version: int | None = None) -> Document:
    """Land the checked rows in the background; rows with errors stay out. Raises Conflict when there is nothing to land."""
    document = _may_change(who, import_id, Status.LANDING)
    _refuse_nothing(document)
    document = store.move(
        import_id, [Status.VALIDATED], Status.LANDING, {"landed_chunks": 0, "landed": {}, "failure": None}, who.user_id, version
    )
    return _start(who, document, "land", _("Landing {file}", file=document["file_name"]), back_to=Status.VALIDATED)


def _refuse_nothing(document: Document) -> None:
    if not document["counts"].get("rows"):
        raise Conflict(_("No row of {file} can land. Correct the errors and check again.", file=document["file_name"]))


def resume(who: Principal, import_id: str) -> Document:
    """Continue what was interrupted: checking, landing or taking back."""
    document = _may_change(who, import_id)
    stage = Status(document.get("failed_while") or document["status"])
    if not (document["status"] == Status.FAILED.value or interrupted(document)) or stage not in work.STEPS:
        raise Conflict(_("{file} was not interrupted; there is nothing to continue.", file=document["file_name"]))
    document = store.move(
        import_id, [Status(document["status"])], stage, {"failure": None, "failed_while": None}, who.user_id, document["version"]
    )
    return _start(who, document, work.STEPS[stage], _("Continuing {file}", file=document["file_name"]), back_to=Status.FAILED)


def revert(who: Principal, import_id: str, version: int | None = None) -> Document:
    """Take the import back in the background: what it replaced is put back, what it added is deleted.

    Raises Conflict, naming them, when later imports replaced rows of this one; then nothing is changed.
    """
    document = _may_change(who, import_id)
    if not touched_data(document):
        raise Conflict(_("{file} is not in the data; there is nothing to take back.", file=document["file_name"]))
    if document["status"] == Status.LANDING.value and not interrupted(document):
        raise Conflict(_("{file} is landing right now. Wait until it has landed.", file=document["file_name"]))
    refuse_overwritten(document)
    document = store.move(
        import_id, [Status.LANDED, Status.FAILED, Status.LANDING], Status.REVERTING, {"failure": None}, who.user_id, version
    )
    return _start(who, document, "revert", _("Taking back {file}", file=document["file_name"]), back_to=Status.LANDED)


def refuse_overwritten(document: Document) -> None:
    """Raise Conflict when what this import landed was replaced or changed later."""
    later = overwritten_by(document)
    if later:
        names = ", ".join(f"{one['file_name']} ({one['created_at']:%Y-%m-%d %H:%M})" for one in later[:5])
        raise Conflict(
            _("Rows of {file} were replaced later by {others}. Take that back first, the newest first. Nothing was changed.",
              file=document["file_name"], others=names)
        )  # fmt: skip
    if document["kind"] != Kind.SALES.value:
        reasons = changed_later(document)
        if reasons:
            named = "; ".join(reasons[:5]) + (_(" and {count} more", count=len(reasons) - 5) if len(reasons) > 5 else "")
            raise Conflict(
                _("{file} cannot be taken back: {reasons}. Nothing was changed.", file=document["file_name"], reasons=named)
            )


def overwritten_by(document: Document) -> list[Document]:
    """Imports in the data that replaced rows of this one, newest first."""
    later = store.find({"replaces": document["_id"]}, {"file_name": 1, "created_at": 1, "status": 1, "failed_while": 1})
    return [one for one in later if touched_data(one)]


def discard(who: Principal, import_id: str, version: int | None = None) -> Document:
    """Throw away an import that has not landed, with its file."""
    document = _may_change(who, import_id)
    if touched_data(document) or not may_follow(Status(document["status"]), Status.DISCARDED):
        raise Conflict(_("{file} is in the data; take it back instead.", file=document["file_name"]))
    states = [Status.MAPPING, Status.VALIDATING, Status.VALIDATED, Status.FAILED]
    document = store.move(import_id, states, Status.DISCARDED, {}, who.user_id, version)
    store.drop_staged(import_id)
    store.drop_errors(import_id)
    store.drop_file(import_id)
    _tell(who, document, "discarded")
    return document


def errors(who: Principal, import_id: str, request: PageRequest, warnings: bool | None = None) -> Page:
    """One page of row errors."""
    get(who, import_id)
    return store.errors(import_id, request, warnings)


def all_errors(who: Principal, import_id: str) -> Iterator[Document]:
    """Every kept row error, for the download."""
    get(who, import_id)
    return store.all_errors(import_id)


def interrupted(document: Document) -> bool:
    """Whether the import stands in the middle of a step whose job has ended or is not known any more."""
    if document["status"] not in {Status.VALIDATING.value, Status.LANDING.value, Status.REVERTING.value}:
        return False
    try:
        return jobs.read(document.get("job_id") or "").state.final
    except NotFound:
        return True
    except RedisError:
        return False


def import_file(
    who: Principal, path: Path, kind: Kind, options: Options, progress: Progress, columns: dict[str, str] | None = None
) -> Document:
    """The same way in for a command: upload, map (guessed; `columns`: field -> header overrides), check, land, all at once.

    Refuses (Invalid, nothing landed) when any row has an error. The same file again returns the earlier import.
    """
    with path.open("rb") as stream:
        document = upload(who, stream, path.name, kind)
    if document.get("already_imported") and document["status"] == Status.LANDED.value:
        return document
    import_id = document["_id"]
    if touched_data(document):
        return _land_now(who, document, progress)
    if document["status"] != Status.VALIDATED.value:
        mapping = dict(document["mapping"])
        for name, header in (columns or {}).items():
            if header not in document["header"]:
                raise Invalid(_("{file} has no column {header}.", file=path.name, header=header), [FieldError(name, header)])
            mapping[name] = document["header"].index(header)
        wanted = MappingInput(columns=mapping, options=options)
        problems = mapping_errors(kind, mapping, len(document["header"]))
        if problems:
            raise Invalid(_("The columns of {file} are not complete.", file=path.name), problems)
        changes = {"mapping": mapping, "options": wanted.options.model_dump(mode="json"), "failure": None}
        states = [Status.MAPPING, Status.VALIDATING, Status.FAILED]
        store.move(import_id, states, Status.VALIDATING, changes, who.user_id)
        work.validate(progress, import_id, _acting(who))
        document = store.get(import_id)
    if document["counts"]["errors"]:
        first = store.errors(import_id, PageRequest("row", 3), False).items
        listed = "; ".join(_("row {row}, {column}: {problem}", **_words(one)) for one in first)
        one = N_("{count} error in {file}, nothing was imported: {listed}")
        many = N_("{count} errors in {file}, nothing was imported: {listed}")
        raise Invalid(ngettext(one, many, document["counts"]["errors"], file=path.name, listed=listed))
    _refuse_nothing(document)
    store.note(import_id, {"landed_chunks": 0, "landed": {}})
    return _land_now(who, document, progress)


def _land_now(who: Principal, document: Document, progress: Progress) -> Document:
    """Land in this process; what was interrupted continues."""
    store.move(document["_id"], [Status.VALIDATED, Status.LANDING, Status.FAILED], Status.LANDING, {"failure": None}, who.user_id)
    work.land(progress, document["_id"], _acting(who))
    return store.get(document["_id"])


def _words(error: Document) -> dict[str, Any]:
    return {"row": error["row"], "column": error["column"], "problem": error["message"]}


def _may_change(who: Principal, import_id: str, following: Status | None = None) -> Document:
    require(who, Permission.SALES_READ)
    document = store.get(import_id)
    require(who, NEEDED[Kind(document["kind"])])
    if following is not None and not may_follow(Status(document["status"]), following):
        raise Conflict(_("{file} is {status}; that cannot be done now.", file=document["file_name"], status=document["status"]))
    if following is not None and touched_data(document):
        raise Conflict(_("{file} is partly in the data. Continue it or take it back.", file=document["file_name"]))
    return document


def _start(who: Principal, document: Document, step: str, title: str, back_to: Status) -> Document:
    """Queue the step; when the queue is away the import goes back to where it was."""
    import_id = document["_id"]
    try:
        job_id = jobs.enqueue(
            f"app.trade.imports.work:{step}",
            {"import_id": import_id, "who": _acting(who)},
            title=title,
            topic=f"imports/{import_id}",
            who=who.user_id,
        )
    except Exception:
        stage = {"failed_while": document["status"]} if back_to is Status.FAILED else {}
        store.move(import_id, [Status(document["status"])], back_to, stage, who.user_id)
        raise
    store.note(import_id, {"job_id": job_id})
    _tell(who, document, document["status"])
    return {**document, "job_id": job_id}


def _acting(who: Principal) -> dict[str, str]:
    """The principal as JSON values, for a job."""
    plain = replace(Principal(who.user_id, who.name, who.email, who.role))
    return {"user_id": plain.user_id, "name": plain.name, "email": plain.email, "role": plain.role.value}


def _tell(who: Principal, document: Document, what: str) -> None:
    facts = {"kind": document["kind"], "file_name": document["file_name"], "sha256": document["sha256"], "size": document["size"]}
    record(who, f"imports.{what}", "import", document["_id"], None, facts)
    told = {"id": document["_id"], "file_name": document["file_name"], "kind": document["kind"], "status": document["status"]}
    for topic in ("imports", f"imports/{document['_id']}"):
        emit(topic, f"import.{what}", told, actor=who.user_id)
