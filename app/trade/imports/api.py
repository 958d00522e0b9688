"""Imports over HTTP: upload, map and check, land, take back."""

from typing import Any

from apiflask import APIBlueprint
from apiflask.fields import File, String
from apiflask.schemas import Schema
from apiflask.validators import OneOf
from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from app.access.models import Permission
from app.access.signed_in import may, principal
from app.core.clock import iso
from app.core.mongo import Document
from app.core.paging import PageRequest
from app.trade.hierarchy.answers import encode, json_answer
from app.trade.imports import service
from app.trade.imports.models import Import, Kind, MappingInput, Status
from app.trade.imports.reading.table import letters
from app.trade.imports.view import error_file

blueprint = APIBlueprint("imports_api", __name__, url_prefix="/api/v1/imports", tag="Imports")
_ERRORS_FILE: dict[int | str, Any] = {
    200: {"description": "The rows with their problems", "content": {"text/csv": {"schema": {"type": "string"}}}},
    401: {"description": "Not signed in"},
    403: {"description": "Not allowed"},
    404: {"description": "No such import"},
}


class UploadInput(Schema):
    """A file and what it holds."""

    file = File(required=True)
    kind = String(load_default="sales", validate=OneOf([kind.value for kind in Kind]))
    again = String(load_default="", metadata={"description": "yes: take the file in although it has been imported before"})


class ImportQuery(BaseModel):
    """What a list of imports can be asked."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind | None = None
    status: Status | None = None
    sort: str = Field("-created_at", max_length=40, description="created_at, file_name, kind, status, size; - reverses")
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(None, max_length=1_000)


class ImportPage(BaseModel):
    """One page of imports."""

    items: list[Import]
    next_cursor: str | None
    total: int | None


class VersionInput(BaseModel):
    """The version of the import that was looked at."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, ge=1, le=2**53, description="409 when the import changed since; left out: not checked")


class ErrorQuery(BaseModel):
    """Which row errors to list."""

    model_config = ConfigDict(extra="forbid")

    warnings: bool | None = Field(None, description="true: only warnings, false: only errors")
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(None, max_length=1_000)


class RowProblem(BaseModel):
    """One thing wrong in one row; the header is row 1."""

    row: int
    column: str
    value: str
    message: str
    warning: bool


class RowProblemPage(BaseModel):
    """One page of row errors."""

    items: list[RowProblem]
    next_cursor: str | None
    total: int | None


@blueprint.get("")
@blueprint.input(ImportQuery, location="query")
@blueprint.output(ImportPage)
@blueprint.doc(summary="List imports", responses=[401, 403, 422])
def listing(query_data: ImportQuery) -> Response:
    """A page of imports, newest first."""
    asked = {"kind": query_data.kind, "status": query_data.status}
    where: Document = {name: value.value for name, value in asked.items() if value is not None}
    request = PageRequest(query_data.sort, query_data.limit, query_data.cursor)
    page = service.page(may(Permission.SALES_READ), where, request)
    body = {"items": [as_json(one) for one in page.items], "next_cursor": page.next_cursor, "total": page.total}
    return json_answer(encode(body))


@blueprint.post("")
@blueprint.input(UploadInput, location="form_and_files")
@blueprint.output(Import, status_code=201)
@blueprint.doc(
    summary="Upload a file",
    responses={200: "The same content was uploaded before: that import", 401: "", 403: "", 413: "", 422: ""},
)
def upload(form_and_files_data: dict[str, Any]) -> Response:
    """CSV or XLSX up to 50 MB. 201 with the guessed columns; 200 with the earlier import when the content is the same."""
    given = form_and_files_data
    document = service.upload(
        principal(), given["file"].stream, given["file"].filename or "upload", Kind(given["kind"]), given["again"] == "yes"
    )
    answer = json_answer(encode(as_json(document)), 200 if document.get("already_imported") else 201)
    answer.headers["Location"] = f"/api/v1/imports/{document['_id']}"
    return answer


@blueprint.get("/<import_id>")
@blueprint.output(Import)
@blueprint.doc(summary="One import", responses=[401, 403, 404])
def detail(import_id: str) -> Response:
    """The import with its counts and totals."""
    return json_answer(encode(as_json(service.get(may(Permission.SALES_READ), import_id))))


@blueprint.put("/<import_id>/mapping")
@blueprint.input(MappingInput)
@blueprint.output(Import)
@blueprint.doc(summary="Choose columns and check the rows", responses=[401, 403, 404, 409, 422, 503])
def mapping(import_id: str, json_data: MappingInput) -> Response:
    """Small files are checked at once (status validated), others in the background (status validating, with job_id)."""
    return json_answer(encode(as_json(service.set_mapping(principal(), import_id, json_data))))


@blueprint.get("/<import_id>/errors")
@blueprint.input(ErrorQuery, location="query")
@blueprint.output(RowProblemPage)
@blueprint.doc(summary="Row errors", responses=[401, 403, 404, 422])
def errors(import_id: str, query_data: ErrorQuery) -> Response:
    """What is wrong in which row; the first 10,000 are kept."""
    request = PageRequest("row", query_data.limit, query_data.cursor)
    page = service.errors(may(Permission.SALES_READ), import_id, request, query_data.warnings)
    items = [{name: one[name] for name in ("row", "column", "value", "message", "warning")} for one in page.items]
    return json_answer(encode({"items": items, "next_cursor": page.next_cursor, "total": page.total}))


@blueprint.get("/<import_id>/errors.csv")
@blueprint.doc(summary="Row errors as a file", responses=_ERRORS_FILE)
def errors_csv(import_id: str) -> Response:
    """Row errors as CSV."""
    return error_file(may(Permission.SALES_READ), import_id)


@blueprint.post("/<import_id>/confirm")
@blueprint.input(VersionInput)
@blueprint.output(Import, status_code=202)
@blueprint.doc(summary="Land the checked rows", responses=[401, 403, 404, 409, 422, 503])
def confirm(import_id: str, json_data: VersionInput) -> Response:
    """In the background, with progress under job_id; rows with errors stay out."""
    return json_answer(encode(as_json(service.confirm(principal(), import_id, json_data.version))), 202)


@blueprint.post("/<import_id>/resume")
@blueprint.output(Import, status_code=202)
@blueprint.doc(summary="Continue an interrupted import", responses=[401, 403, 404, 409, 503])
def resume(import_id: str) -> Response:
    """In the background, from where it stopped."""
    return json_answer(encode(as_json(service.resume(principal(), import_id))), 202)


@blueprint.post("/<import_id>/revert")
@blueprint.input(VersionInput)
@blueprint.output(Import, status_code=202)
@blueprint.doc(summary="Take an import back", responses=[401, 403, 404, 409, 422, 503])
def revert(import_id: str, json_data: VersionInput) -> Response:
    """In the background; 409 naming the later imports when they replaced rows of this one."""
    return json_answer(encode(as_json(service.revert(principal(), import_id, json_data.version))), 202)


@blueprint.delete("/<import_id>")
@blueprint.output(Import)
@blueprint.doc(summary="Throw away an import that has not landed", responses=[401, 403, 404, 409])
def discard(import_id: str) -> Response:
    """With its file and its checked rows."""
    return json_answer(encode(as_json(service.discard(principal(), import_id))))


def as_json(document: Document) -> dict[str, Any]:
    """An import as the API gives it."""
    samples = document.get("samples", [])
    columns = [
        {"number": index, "letter": letters(index), "name": name, "samples": [row[index] for row in samples if index < len(row)]}
        for index, name in enumerate(document.get("header", []))
    ]
    totals = {
        name: iso(value) if hasattr(value, "isoformat") else value
        for name, value in document.get("totals", {}).items()
        if value is not None
    }
    return {
        "id": document["_id"],
        "kind": document["kind"],
        "status": document["status"],
        "file_name": document["file_name"],
        "size": document["size"],
        "sha256": document["sha256"],
        "created_at": iso(document["created_at"]),
        "created_by": document["created_by"],
        "version": document["version"],
        "job_id": document.get("job_id"),
        "already_imported": bool(document.get("already_imported")),
        "columns": columns,
        "mapping": document.get("mapping", {}),
        "options": document.get("options"),
        "notes": document.get("notes", []),
        "counts": {**document.get("counts", {}), **document.get("landed", {})},
        "totals": totals,
        "failure": document.get("failure"),
    }
