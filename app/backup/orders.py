"""What the supervisor wants done: one file an order, taken by the container `backup`, answered by a record of the same id."""

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from app.backup.records import new_id
from app.backup.shelf import Shelf, read_json, write_json

KINDS = ("backup", "verify", "drill", "offsite", "prune", "restore", "settle", "undo", "side", "quarterly")
MARK = "--mark="
"""Of a restore: the word behind it stands in the journal."""
_ID = re.compile(r"[0-9]{8}T[0-9]{6}-[0-9a-f]{8}")


@dataclass(frozen=True)
class Order:
    """`arguments` as the command line of `python -m app.backup KIND` takes them."""

    id: str
    kind: str
    who: str
    arguments: tuple[str, ...] = ()


def place(shelf: Shelf, kind: str, who: str, now: datetime, *arguments: str) -> Order:
    """Leave an order; the record with its id tells what came of it."""
    order = Order(new_id(now), kind, who, arguments)
    write_json(_folder(shelf) / f"{order.id}.json", asdict(order))
    return order


def next_order(shelf: Shelf) -> Order | None:
    """The oldest order; what is no order is removed."""
    for path in sorted(_folder(shelf).glob("*.json")):
        order = _read(path)
        if order is not None:
            return order
        path.unlink(missing_ok=True)
    return None


def waiting(shelf: Shelf) -> list[Order]:
    """All that are not done yet, oldest first."""
    found = (_read(path) for path in sorted(_folder(shelf).glob("*.json")))
    return [order for order in found if order is not None]


def done(shelf: Shelf, order: Order) -> None:
    (_folder(shelf) / f"{order.id}.json").unlink(missing_ok=True)


def _read(path: Path) -> Order | None:
    body = read_json(path)
    if body is None or body.get("kind") not in KINDS or not _ID.fullmatch(str(body.get("id"))) or body["id"] != path.stem:
        return None
    return Order(body["id"], body["kind"], str(body.get("who", ""))[:100], tuple(str(one) for one in body.get("arguments", ())))


def _folder(shelf: Shelf) -> Path:
    return shelf.work / "orders"
