"""The page of the audit trail: search, filter, one entry, and whether the chain holds."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for

from app.access.audit import service, store
from app.access.audit.api import CHECKED_AT_ONCE
from app.access.audit.rules import changed_fields
from app.access.models import Permission
from app.access.signed_in import may
from app.core.errors import NotFound
from app.core.i18n import N_, _
from app.core.mongo import Document
from app.core.paging import MAX_LIMIT, PageRequest
from app.core.settings import settings
from app.web.export import export_response
from app.web.table import Column, Table, TableQuery

blueprint = Blueprint("audit", __name__, url_prefix="/settings/audit", template_folder="../templates")

COLUMNS = (
    Column("_id", N_("No."), kind="number", sort="seq"),
    Column("at", N_("When"), kind="datetime"),
    Column("who", N_("Who")),
    Column("what", N_("What"), kind="link"),
    Column("subject", N_("To what")),
    Column("address", N_("From")),
    Column("action", N_("Action"), hidden=True),
    Column("subject_id", N_("Subject, by id"), hidden=True),
    Column("request_id", N_("Request"), hidden=True),
    Column("hash", N_("Hash"), hidden=True),
)
_FILTERS = ("q", "action", "subject", "from", "to")


@blueprint.get("")
def index() -> Any:
    """The trail, newest first; `?check=1` walks the chain now."""
    who = may(Permission.AUDIT_READ)
    query = TableQuery.from_request(COLUMNS, default_sort="-seq", filters=_FILTERS)
    wanted = _wanted(dict(query.filters))
    if query.export:
        return export_response(query.export, "audit", COLUMNS, _all(who, query.sort, wanted))
    page = service.search(who, query.page_request, **wanted)
    table = Table(
        "audit",
        COLUMNS,
        query,
        rows=[_row(entry) for entry in page.items],
        next_cursor=page.next_cursor,
        count=page.total,
        href=lambda row: url_for("audit.detail", seq=row["_id"]),
    )
    checked = service.verify(newest=CHECKED_AT_ONCE) if request.args.get("check") == "1" else None
    actions = [(action, action_words(action)) for action in service.actions(who)]
    return render_template("audit/index.html", table=table, actions=actions, checked=checked)


@blueprint.get("/<int:seq>")
def detail(seq: int) -> str:
    """One entry: what changed, and its place in the chain."""
    may(Permission.AUDIT_READ)
    entry = store.entry(seq) if seq < 2**62 else None
    if entry is None:
        raise NotFound(_("There is no entry {seq} in the audit trail.", seq=seq))
    return render_template(
        "audit/detail.html", entry=entry, row=_row(entry), changes=changed_fields(entry["before"], entry["after"])
    )


def _row(entry: Document) -> Document:
    named = entry["after"] or entry["before"] or {}
    name = named.get("name") or (entry["actor_name"] if entry["subject_id"] == entry["actor"] else "") or entry["subject_id"]
    return {
        **entry,
        "who": entry["actor_name"] or entry["actor"],
        "what": action_words(entry["action"]),
        "subject": f"{entry['subject_type']} {name}",
    }


def action_words(action: str) -> str:
    """`user.password_reset` as `user: password reset`."""
    return action.replace(".", ": ").replace("_", " ")


def _all(who: Any, sort: str, wanted: dict[str, Any]) -> Iterator[Document]:
    cursor: str | None = None
    while True:
        page = service.search(who, PageRequest(sort, MAX_LIMIT, cursor), **wanted)
        yield from (_row(entry) for entry in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def _wanted(filters: dict[str, str]) -> dict[str, Any]:
    """The filters as the service takes them; `q` is a user id, a subject's id or a request id."""
    wanted: dict[str, Any] = {"anywhere": filters.get("q"), "action": filters.get("action"), "subject_id": filters.get("subject")}
    since, until = _day(filters.get("from", "")), _day(filters.get("to", ""))
    if since:
        wanted["since"] = _start(since)
    if until:
        wanted["until"] = _start(until + timedelta(days=1))
    return wanted


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1970 <= day.year <= 9000 else None


def _start(day: date) -> datetime:
    """Midnight of the company's day, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(settings().timezone)).astimezone(UTC)
