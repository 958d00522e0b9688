"""The import collections: imports, staged rows, row errors, what was there before, remembered mappings, uploaded files."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, BinaryIO

import pymongo
from bson.binary import Binary
from gridfs import GridFSBucket, NoFile
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from app.core.clock import now
from app.core.errors import NotFound, Stale
from app.core.mongo import Document, Index, database, stamped
from app.core.paging import Page, PageRequest, find_page
from app.trade.hierarchy.store import make_sure
from app.trade.imports.models import Kind, RowError, Status
from app.trade.imports.staging import Chunk, pack_documents, unpack_documents, unpacked

UPLOADS = "uploads"
_CHUNK_BYTES = 1 << 20

INDEXES: list[Index] = [
    Index("imports", (("created_at", -1), ("_id", -1))),
    Index("imports", (("sha256", 1), ("kind", 1))),
    Index("imports", (("status", 1),)),
    Index("import_rows", (("import_id", 1), ("number", 1)), unique=True),
    Index("import_before", (("import_id", 1), ("number", 1)), unique=True),
    Index("import_errors", (("import_id", 1), ("row", 1), ("_id", 1))),
    Index("uploads.chunks", (("files_id", 1), ("n", 1)), unique=True),
    Index("uploads.files", (("filename", 1), ("uploadDate", 1))),
]

SORTABLE = {name: name for name in ("created_at", "file_name", "kind", "status", "size")}


def imports() -> Collection[Document]:
    """One document an import."""
    return database()["imports"]


def insert(document: Document, actor: str) -> Document:
    """Store a new import."""
    stored = stamped(document, actor)
    imports().insert_one(stored)
    return stored


def get(import_id: str) -> Document:
    """The import; raises NotFound."""
    found = imports().find_one({"_id": import_id})
    if found is None:
        raise NotFound(f"Import {import_id} does not exist (any more).")
    return found


def page(where: Document, request: PageRequest, count: bool = True) -> Page:
    """One page of imports, without what only their own page needs."""
    return find_page(imports(), where, request, SORTABLE, projection={"samples": 0, "weeks": 0}, count=count)


def last(where: Document) -> Document | None:
    """The newest import of `where`."""
    return imports().find_one(where, sort=[("created_at", -1)])


def find(where: Document, projection: Document | None = None) -> Iterator[Document]:
    """Imports of `where`, newest first."""
    yield from imports().find(where, projection).sort("created_at", -1)


def move(
    import_id: str, expected: Sequence[Status], status: Status, changes: Document, actor: str, version: int | None = None
) -> Document:
    """Go to `status` with `changes` if the import is in one of `expected` (and has `version`); raises NotFound, Stale."""
    where: Document = {"_id": import_id, "status": {"$in": [one.value for one in expected]}}
    if version is not None:
        where["version"] = version
    fields = {**changes, "status": status.value, "updated_at": now(), "updated_by": actor}
    after = imports().find_one_and_update(
        where, {"$set": fields, "$inc": {"version": 1}}, return_document=pymongo.ReturnDocument.AFTER
    )
    if after is None:
        current = get(import_id)
        raise Stale(f"{current['file_name']} is {current['status']} meanwhile; load the page again to see it.")
    return after


def note(import_id: str, changes: Document) -> None:
    """Set fields that nobody edits (progress, job, counts), whatever the version."""
    imports().update_one({"_id": import_id}, {"$set": changes})


def note_replaced(import_id: str, others: Iterable[str]) -> None:
    """Remember that this import replaces facts that came with `others`."""
    names = sorted(set(others))
    if names:
        imports().update_one({"_id": import_id}, {"$addToSet": {"replaces": {"$each": names}}})


# Uploaded files


def keep_file(import_id: str, name: str, stream: BinaryIO) -> None:
    """Store the uploaded file under the import's id, a chunk at a time.

    As GridFS lays files out; its own writer collects 48 MB before it sends anything, once for each upload at a time.
    """
    stream.seek(0)
    chunks, number, length = database()[f"{UPLOADS}.chunks"], 0, 0
    try:
        while block := stream.read(_CHUNK_BYTES):
            chunks.insert_one({"_id": f"{import_id}:{number}", "files_id": import_id, "n": number, "data": Binary(block)})
            number, length = number + 1, length + len(block)
        file = {"_id": import_id, "filename": name, "length": length, "chunkSize": _CHUNK_BYTES, "uploadDate": now()}
        database()[f"{UPLOADS}.files"].insert_one(file)
    except PyMongoError:
        chunks.delete_many({"files_id": import_id})
        raise


def open_file(import_id: str) -> BinaryIO:
    """The uploaded file, seekable; raises NotFound when it is not kept any more."""
    try:
        return _bucket().open_download_stream(import_id)
    except NoFile as error:
        raise NotFound("The uploaded file is not kept any more. Upload it again.") from error


def drop_file(import_id: str) -> None:
    """Forget the uploaded file."""
    try:
        _bucket().delete(import_id)
    except NoFile:
        return


def uploaded_before(moment: datetime) -> list[str]:
    """The imports whose file was uploaded before `moment` and is still kept."""
    return [str(one["_id"]) for one in database()[f"{UPLOADS}.files"].find({"uploadDate": {"$lt": moment}}, {"_id": 1})]


def _bucket() -> GridFSBucket:
    return GridFSBucket(database(), UPLOADS)


# Staged rows


def stage(import_id: str, chunk: Chunk) -> None:
    """Keep checked rows until they land."""
    database()["import_rows"].insert_one(chunk.packed(import_id))


def staged_numbers(import_id: str) -> list[int]:
    """The numbers of the staged chunks, in order."""
    return [row["number"] for row in database()["import_rows"].find({"import_id": import_id}, {"number": 1}).sort("number", 1)]


def staged_chunk(import_id: str, number: int) -> Chunk:
    """One chunk of staged rows."""
    found = database()["import_rows"].find_one({"_id": f"{import_id}:{number}"})
    if found is None:
        raise NotFound(f"The checked rows of import {import_id} are gone. Check the file again.")
    return unpacked(found)


def drop_staged(import_id: str) -> None:
    """Forget staged rows."""
    database()["import_rows"].delete_many({"import_id": import_id})


# What was there before


def before(import_id: str, number: int) -> list[Document]:
    """The documents that chunk `number` of this import replaced, as they were."""
    found = database()["import_before"].find_one({"_id": f"{import_id}:{number}"})
    return unpack_documents(found["documents"]) if found else []


def keep_before(import_id: str, number: int, documents: Sequence[Document]) -> None:
    """Keep (again) what chunk `number` is about to replace; written before the replacement."""
    database()["import_before"].replace_one(
        {"_id": f"{import_id}:{number}"},
        {"import_id": import_id, "number": number, "count": len(documents), "documents": pack_documents(documents)},
        upsert=True,
    )


def before_numbers(import_id: str) -> list[int]:
    """The chunks that replaced something, in order."""
    return [row["number"] for row in database()["import_before"].find({"import_id": import_id}, {"number": 1}).sort("number", 1)]


def replaced_origins(import_ids: Iterable[str]) -> Iterator[str]:
    """For each fact that one of these imports replaced, the import its former values had come with."""
    for kept in database()["import_before"].find({"import_id": {"$in": list(import_ids)}}, {"documents": 1}):
        yield from (fact["import_id"] for fact in unpack_documents(kept["documents"]))


def drop_before(import_id: str) -> None:
    """Forget what was there before, once it is there again."""
    database()["import_before"].delete_many({"import_id": import_id})


# Row errors


def keep_errors(import_id: str, errors: Sequence[RowError]) -> None:
    """Keep row errors for the page and the download."""
    if errors:
        database()["import_errors"].insert_many(
            [
                {**asdict(one), "_id": f"{import_id}:{one.row:08d}:{one.number:05d}", "import_id": import_id}
                for one in errors
            ],
            ordered=False,
        )  # fmt: skip


def errors(import_id: str, request: PageRequest, warnings: bool | None = None) -> Page:
    """One page of row errors (or of warnings)."""
    where: Document = {"import_id": import_id, **({} if warnings is None else {"warning": warnings})}
    return find_page(database()["import_errors"], where, request, {"row": "row"})


def all_errors(import_id: str) -> Iterator[Document]:
    """Every kept row error by row."""
    yield from database()["import_errors"].find({"import_id": import_id}).sort([("row", 1), ("_id", 1)])


def drop_errors(import_id: str) -> None:
    """Forget the errors of an earlier check."""
    database()["import_errors"].delete_many({"import_id": import_id})


# Remembered mappings


def remember_mapping(kind: Kind, signature: str, columns: dict[str, str], options: dict[str, Any], actor: str) -> None:
    """Remember how files with these headers were mapped; `columns`: field -> normalised header."""
    mapping = {"columns": columns, "options": options, "updated_at": now(), "updated_by": actor}
    make_sure(database()["mappings"], {"_id": f"{kind.value}:{signature}", **mapping})
    database()["mappings"].update_one({"_id": f"{kind.value}:{signature}"}, {"$set": mapping})


def remembered_mapping(kind: Kind, signature: str) -> Document | None:
    """How files with these headers were mapped before."""
    return database()["mappings"].find_one({"_id": f"{kind.value}:{signature}"})


# The one right to change the facts


def claim(import_id: str) -> str | None:
    """Take the right to land or take back; None when this import has it, else the id of the import that has."""
    claims = database()["claims"]
    make_sure(claims, {"_id": "facts", "holder": None})
    mine = claims.find_one_and_update(
        {"_id": "facts", "holder": {"$in": [None, import_id]}}, {"$set": {"holder": import_id, "since": now()}}
    )
    if mine is not None:
        return None
    held = claims.find_one({"_id": "facts"})
    return str(held["holder"]) if held and held["holder"] else claim(import_id)


def unclaim(import_id: str) -> None:
    """Give the right back; nothing happens when another import has it."""
    database()["claims"].update_one({"_id": "facts", "holder": import_id}, {"$set": {"holder": None}})
