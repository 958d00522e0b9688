"""HTTP for the audit trail."""

from typing import Any

from apiflask import APIBlueprint

from app.access.audit import service
from app.access.audit.models import ChainState, EntryList, EntryQuery
from app.access.models import Permission
from app.access.signed_in import may
from app.core.mongo import Document
from app.core.paging import PageRequest

blueprint = APIBlueprint("audit_api", __name__, url_prefix="/api/v1/audit", tag="Audit trail")
CHECKED_AT_ONCE = 50_000


@blueprint.get("")
@blueprint.input(EntryQuery, location="query")
@blueprint.output(EntryList)
@blueprint.doc(summary="Search the audit trail", responses=[401, 403])
def search(query_data: EntryQuery) -> dict[str, Any]:
    """Entries that match everything given, newest first."""
    page = service.search(
        may(Permission.AUDIT_READ),
        PageRequest(query_data.sort, query_data.limit, query_data.cursor),
        actor=query_data.actor,
        action=query_data.action,
        subject_type=query_data.subject_type,
        subject_id=query_data.subject_id,
        request_id=query_data.request_id,
        since=query_data.since,
        until=query_data.until,
    )
    return {"items": [entry_out(item) for item in page.items], "next_cursor": page.next_cursor, "total": page.total}


@blueprint.get("/chain")
@blueprint.output(ChainState)
@blueprint.doc(summary="State of the chain of hashes", responses=[401, 403])
def chain() -> dict[str, Any]:
    """Walks the newest 50,000 entries; `tradeai audit verify` walks all of them."""
    may(Permission.AUDIT_READ)
    return service.verify(newest=CHECKED_AT_ONCE).as_dict()


def entry_out(entry: Document) -> dict[str, Any]:
    """The stored entry with `seq` for its number."""
    return {"seq": entry["_id"], **{name: value for name, value in entry.items() if name != "_id"}}
