"""Writing to the audit trail, searching it, and proving that nobody touched it."""

import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import structlog
from flask import g, has_request_context, request
from redis.exceptions import RedisError

from app.access.audit import chain, store
from app.access.audit.rules import Break, Link, follow, plain
from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core.clock import now
from app.core.logging import get_logger
from app.core.mongo import Document
from app.core.paging import Page, PageRequest
from app.core.redis import client

_YIELD_EVERY = 500

log = get_logger(__name__)


@dataclass(frozen=True)
class Verification:
    """What walking the chain found. `broken_at` and `reason` are None when it holds; `anchored`: Redis knew the end too."""

    ok: bool
    entries: int
    last_hash: str
    at: datetime
    first_checked: int = 1
    anchored: bool = False
    broken_at: int | None = None
    reason: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "at": plain(self.at)}


def record(
    who: Principal,
    action: str,
    subject_type: str,
    subject_id: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Append one entry. Secrets in `before` and `after` are blanked. Raises Unavailable if it cannot be written."""
    entry: Document = {
        "at": now(),
        "actor": who.user_id,
        "actor_name": who.name,
        "action": action,
        "subject_type": subject_type,
        "subject_id": subject_id,
        "before": plain(before),
        "after": plain(after),
        "request_id": str(structlog.contextvars.get_contextvars().get("request_id", "")),
        "address": _address(),
    }
    link = chain.append(entry)
    log.info("audit", seq=link.seq, action=action, actor=who.user_id, subject_id=subject_id, digest=link.hash)


def _address() -> str:
    if not has_request_context():
        return ""
    return str(g.get("address") or request.remote_addr or "")


def verify(newest: int | None = None, pause: Callable[[float], None] = time.sleep) -> Verification:
    """Walk the chain (or its `newest` entries) and name the first broken link.

    Needs no permission: the command line and the audit page ask for theirs before.
    """
    anchor = _anchor()  # before the walk: an entry is written before it is anchored, so the walk must come by it
    link, checked_from = Link(), 1
    if newest is not None:
        link, checked_from = _start_for(newest)
    broken: Break | None = None
    count = 0
    for entry in store.walk(link.seq):
        step = follow(link, entry)
        if isinstance(step, Break):
            broken = step
            break
        link, count = step, count + 1
        if count % _YIELD_EVERY == 0:
            pause(0)  # lets other requests of this process run
    broken = broken or (_cut_off(link, anchor) if anchor else None)
    return Verification(
        ok=broken is None,
        entries=count,
        last_hash=link.hash,
        at=now(),
        first_checked=checked_from,
        anchored=anchor is not None,
        broken_at=broken.seq if broken else None,
        reason=broken.reason if broken else None,
    )


def _start_for(newest: int) -> tuple[Link, int]:
    start = max(0, store.last_link().seq - newest)
    known = store.entry(start) if start else None
    return (Link(start, known["hash"]), start + 1) if known else (Link(), 1)


def _anchor() -> Link | None:
    """The entry that Redis saw last; None when it knows of none or is away."""
    try:
        noted = client().get(chain.HEAD)
    except RedisError:
        return None
    if not noted:
        return None
    seq, _, noted_hash = noted.partition(":")
    return Link(int(seq), noted_hash)


def _cut_off(end: Link, anchor: Link) -> Break | None:
    """Whether the anchored entry is missing from a chain that was walked to `end` afterwards, or is another."""
    if anchor.seq > end.seq:
        gone = f"entries {end.seq + 1} to {anchor.seq} were written and are gone (cut off, or an older backup restored)"
        return Break(end.seq + 1, gone)
    found = store.entry(anchor.seq)
    if found is None or found["hash"] != anchor.hash:
        return Break(anchor.seq, f"entry {anchor.seq} is not the one that was written (replaced, or an older backup restored)")
    return None


def search(
    who: Principal,
    request_page: PageRequest,
    *,
    actor: str | None = None,
    action: str | None = None,
    subject_type: str | None = None,
    subject_id: str | None = None,
    request_id: str | None = None,
    anywhere: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Page:
    """Entries that match all that is given; `action` ending in a dot matches every action of that kind, `anywhere` is
    a user's, subject's or request's id, an address, or part of the actor's name."""
    require(who, Permission.AUDIT_READ)
    exact = {"actor": actor, "subject_type": subject_type, "subject_id": subject_id, "request_id": request_id}
    where: Document = {name: value for name, value in exact.items() if value}
    if anywhere:
        exactly = [{name: anywhere} for name in ("actor", "subject_id", "request_id", "address", "action")]
        where["$or"] = [*exactly, {"actor_name": {"$regex": re.escape(anywhere), "$options": "i"}}]
    if action:
        where["action"] = {"$gte": action, "$lt": action[:-1] + "/"} if action.endswith(".") else action
    if since or until:
        where["at"] = {**({"$gte": since} if since else {}), **({"$lt": until} if until else {})}
    return store.page(where, request_page)


def actions(who: Principal) -> list[str]:
    """The actions that occur in the trail, for the filter."""
    require(who, Permission.AUDIT_READ)
    return store.distinct("action")
