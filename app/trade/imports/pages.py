"""Imports for people: the list, a new one, and one page that always shows the next step. Works without scripts."""

import csv
import io
from typing import Any, BinaryIO, cast

from apiflask import APIBlueprint
from flask import Response, make_response, redirect, render_template, request, url_for

from app.access.models import Permission
from app.access.signed_in import may, principal
from app.core import jobs
from app.core.errors import Conflict, Invalid, NotFound, TooLarge, TradeError
from app.core.i18n import N_, _
from app.core.mongo import Document
from app.core.settings import settings
from app.trade.hierarchy.forms import by_field, checked
from app.trade.imports import service, view
from app.trade.imports.models import MAX_ROWS, Kind, MappingInput, Options, Status
from app.trade.imports.rules import touched_data
from app.web.table import Column, Table, TableQuery

blueprint = APIBlueprint("imports", __name__, template_folder="templates", enable_openapi=False)

COLUMNS = (
    Column("file_name", N_("File"), kind="link", sort=True),
    Column("kind", N_("Holds"), kind="custom", sort=True),
    Column("status", N_("State"), kind="status", sort=True),
    Column("counts.rows", N_("Rows"), kind="number"),
    Column("counts.errors", N_("Errors"), kind="number"),
    Column("created_at", N_("Uploaded"), kind="ago", sort=True),
    Column("size", N_("Size"), kind="custom", hidden=True, sort=True),
)
BUSY = frozenset({Status.VALIDATING.value, Status.LANDING.value, Status.REVERTING.value})


@blueprint.get("/imports")
def index() -> str:
    """The list, newest first."""
    who = may(Permission.SALES_READ)
    query = TableQuery.from_request(COLUMNS, default_sort="-created_at", filters=("kind", "status"))
    where: Document = {name: value for name, value in query.filters.items() if name in {"kind", "status"}}
    if "status" not in where:
        where["status"] = {"$ne": Status.DISCARDED.value}
    page = service.page(who, where, query.page_request)
    table = Table(
        "imports", COLUMNS, query, page.items, page.next_cursor, page.total,
        href=lambda row: url_for("imports.detail", import_id=row["_id"]),
        caption=_("Imports"), topic="imports", panel=False, exports=(),
    )  # fmt: skip
    return render_template(
        "imports/index.html",
        table=table,
        kinds=[(kind.value, _(word)) for kind, word in view.KIND_WORDS.items()],
        kind_word=_kind_word,
        can_import=service.may_import(who),
    )


@blueprint.get("/imports/new")
def new() -> str:
    """Choose a file."""
    return _new(request.args.get("kind", Kind.SALES.value))


@blueprint.post("/imports/new")
def upload() -> Response:
    """Take the file in; the same content again leads to the earlier import."""
    kind, given = request.form.get("kind", Kind.SALES.value), request.files.get("file")
    if kind not in set(Kind):
        kind = Kind.SALES.value
    if given is None or not given.filename:
        return make_response(_new(kind, {"file": _("Choose a file first.")}), 422)
    try:
        document = service.upload(
            principal(), cast(BinaryIO, given.stream), given.filename, Kind(kind), request.form.get("again") == "yes"
        )
    except (Invalid, TooLarge) as error:
        return make_response(_new(kind, {"file": error.detail}), error.status)
    return _to(document["_id"], same="1" if document.get("already_imported") else None)


def _new(kind: str, errors: dict[str, str] | None = None) -> str:
    who = principal()
    kinds = service.may_import(who)
    if not kinds:
        may(Permission.SALES_IMPORT)
    return render_template(
        "imports/new.html",
        kinds=[(one.value, _(view.KIND_WORDS[one]), _kind_help(one)) for one in kinds],
        kind=kind if kind in {one.value for one in kinds} else kinds[0].value,
        errors=errors or {},
        limit_bytes=settings().upload_limit_bytes,
        limit_rows=MAX_ROWS,
    )


@blueprint.get("/imports/template/<kind>.csv")
def template(kind: str) -> Response:
    """An example file to fill."""
    may(Permission.SALES_READ)
    if kind not in set(Kind):
        raise NotFound(_("There is no template of that kind."))
    names, rows = view.example_rows(Kind(kind))
    buffer = io.StringIO()
    csv.writer(buffer).writerows([names, *rows])
    headers = {"Content-Disposition": f'attachment; filename="{kind}.csv"'}
    return Response(buffer.getvalue(), mimetype="text/csv; charset=utf-8", headers=headers)


@blueprint.get("/imports/<import_id>")
def detail(import_id: str) -> str:
    """One import, wherever it stands."""
    may(Permission.SALES_READ)
    return _page(import_id)


@blueprint.post("/imports/<import_id>/mapping")
def mapping(import_id: str) -> Response:
    """Take the chosen columns and check the file."""
    columns = {
        name.removeprefix("column."): int(value)
        for name, value in request.form.items()
        if name.startswith("column.") and value.isdigit()
    }
    given = {name: value for name, value in request.form.items() if name in Options.model_fields and value}
    try:
        wanted = checked(MappingInput, {"columns": columns, "options": given})
        service.set_mapping(principal(), import_id, wanted)
    except Invalid as error:
        shown = {_field_name(name): message for name, message in by_field(error).items()}
        return make_response(_page(import_id, errors=shown, mapping=columns, options=given, step="mapping"), error.status)
    except Conflict as error:
        return make_response(_page(import_id, problem=error), error.status)
    return _to(import_id)


@blueprint.post("/imports/<import_id>/<any(confirm, resume, revert, discard):step>")
def act(import_id: str, step: str) -> Response:
    """Do the next step, or say why not."""
    try:
        _STEPS[step](principal(), import_id)
    except Conflict as error:
        return make_response(_page(import_id, problem=error), error.status)
    if step == "discard":
        return make_response(redirect(url_for("imports.index")))
    return _to(import_id)


_STEPS: dict[str, Any] = {
    "confirm": service.confirm,
    "resume": service.resume,
    "revert": service.revert,
    "discard": service.discard,
}


@blueprint.get("/imports/<import_id>/errors.csv")
def errors_csv(import_id: str) -> Response:
    """The row errors as a file."""
    return view.error_file(may(Permission.SALES_READ), import_id)


def _page(
    import_id: str,
    errors: dict[str, str] | None = None,
    mapping: dict[str, int] | None = None,
    options: dict[str, str] | None = None,
    step: str | None = None,
    problem: TradeError | None = None,
) -> str:
    who = principal()
    document = service.get(who, import_id)
    kind = Kind(document["kind"])
    interrupted = service.interrupted(document)
    chosen = document["mapping"] if mapping is None else mapping
    counts = document.get("counts", {})
    show_mapping = step == "mapping" or document["status"] == Status.MAPPING.value or request.args.get("step") == "mapping"
    landed = document["status"] in {Status.LANDED.value, Status.REVERTED.value, Status.REVERTING.value}
    return render_template(
        "imports/detail.html",
        document=document,
        kind=kind,
        kind_word=_kind_word(document["kind"]),
        counts=counts,
        totals=document.get("totals", {}),
        landed=document.get("landed", {}),
        busy=document["status"] in BUSY and not interrupted,
        interrupted=interrupted,
        touched=touched_data(document),
        job=_job(document),
        show_mapping=show_mapping and not touched_data(document) and document["status"] != Status.DISCARDED.value,
        fields=view.field_choices(document, chosen),
        columns=view.column_options(document),
        unused=view.unused_columns(document, chosen),
        samples=[{"name": name, "values": view.samples_of(document, index)} for index, name in enumerate(document["header"])],
        field_labels=view.field_labels(kind),
        options={**document["options"], **(options or {})},
        dates=view.date_options(document.get("found", {})),
        marks=view.mark_options(document.get("found", {})),
        currency=settings().currency,
        foreign=[code for code in document.get("totals", {}).get("revenue", {}) if code != settings().currency],
        errors=errors or {},
        problem=problem,
        error_page=view.first_errors(who, import_id, False, request.args.get("cursor")) if counts.get("errors") else None,
        warning_page=view.first_errors(who, import_id, True, limit=10) if counts.get("warnings") else None,
        chart=view.preview_chart(document),
        overwritten=service.overwritten_by(document) if document["status"] == Status.LANDED.value else [],
        may_change=kind in service.may_import(who),
        same=request.args.get("same") == "1",
        is_landed=landed,
    )


def _field_name(path: str) -> str:
    """`columns.sku` as the form calls it, `column.sku`; options by their own name."""
    return path.replace("columns.", "column.", 1).removeprefix("options.")


def _job(document: Document) -> jobs.Job | None:
    try:
        return jobs.read(document["job_id"]) if document.get("job_id") else None
    except NotFound:
        return None


def _to(import_id: str, same: str | None = None) -> Response:
    return make_response(redirect(url_for("imports.detail", import_id=import_id, same=same)))


def _kind_word(kind: str) -> str:
    return _(view.KIND_WORDS[Kind(kind)])


def _kind_help(kind: Kind) -> str:
    return {
        Kind.SALES: _("One row a store, SKU and week or day"),
        Kind.CUSTOMERS: _("Chains, regions and stores with what they belong to"),
        Kind.PRODUCTS: _("Categories, brands and SKUs with costs and prices"),
    }[kind]
