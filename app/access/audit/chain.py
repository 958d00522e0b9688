"""Appending to the chain: whoever comes while another writes is written with the next batch (group commit).

An entry needs the hash of the one before, so entries are written one after the other. One round trip an entry would bound the
whole appliance to a few changes a second on a busy database; in batches the pace follows the number of people instead.
"""

import random
import threading
import time
from collections import deque
from dataclasses import dataclass

from redis.exceptions import RedisError

from app.access.audit import store
from app.access.audit.rules import Link, digest
from app.core.errors import Unavailable
from app.core.logging import get_logger
from app.core.mongo import Document
from app.core.redis import client

HEAD = "audit:head"
_ATTEMPTS = 500
_BATCH = 100

_turn = threading.Lock()
_waiting: "deque[_Ticket]" = deque()
log = get_logger(__name__)


@dataclass
class _Ticket:
    """One entry on its way; ends with a `link` or an `error`."""

    entry: Document
    link: Link | None = None
    error: Exception | None = None


def append(entry: Document) -> Link:
    """Write `entry` (without `_id`, `prev`, `hash`) as the next of the chain. Raises Unavailable or the database's error."""
    mine = _Ticket(entry)
    _waiting.append(mine)
    with _turn:
        if mine.link is None and mine.error is None:
            _write([_waiting.popleft() for _ in range(min(len(_waiting), _BATCH))])
    if mine.error is not None:
        raise mine.error
    assert mine.link is not None
    return mine.link


def _write(tickets: list[_Ticket]) -> None:
    """Give every ticket its link or its error."""
    left = tickets
    try:
        for attempt in range(_ATTEMPTS):
            linked = _linked(left)
            landed = store.append([document for document, _link in linked])
            for ticket, (_document, link) in zip(left, linked[:landed], strict=False):
                ticket.link = link
            if landed:
                _anchor(linked[landed - 1][1])
            left = left[landed:]
            if not left:
                return
            time.sleep(random.uniform(0, min(0.002 * (attempt + 1), 0.05)))  # noqa: S311 - spreads writers, hides nothing
        raise Unavailable("The audit trail is too busy to take this entry; the change may have been made. Try again in a minute.")
    except Exception as error:  # noqa: BLE001 - whoever waits must get an answer
        for ticket in left:
            ticket.error = error
        if not isinstance(error, Unavailable):
            log.warning("audit entries not written", count=len(left), error=str(error))


def _linked(tickets: list[_Ticket]) -> list[tuple[Document, Link]]:
    """Each entry with its number, the hash before it and its own, as the chain stands now."""
    linked, last = [], store.last_link()
    for ticket in tickets:
        numbered = {"_id": last.seq + 1, **ticket.entry, "prev": last.hash}
        numbered["hash"] = digest(numbered)
        last = Link(numbered["_id"], numbered["hash"])
        linked.append((numbered, last))
    return linked


def _anchor(link: Link) -> None:
    """Remember the end of the chain outside the database, so that cutting its tail off shows too."""
    try:
        client().set(HEAD, f"{link.seq}:{link.hash}")
    except RedisError as error:
        log.warning("audit head not anchored", error=str(error))
