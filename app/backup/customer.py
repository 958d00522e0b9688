"""Which documents are a customer's: the customer, the stores below, and whatever names one of them. Pure.

A fact or a promotion names its customer in `customer_id`, a promotion its stores in `customer_ids` as well, a plan those of its
question.
"""

from collections.abc import Iterable, Mapping
from typing import Any

CUSTOMERS = "customers"
_ONE = "customer_id"
_SEVERAL = (("customer_ids",), ("question", "customer_ids"))


def family(customer: str, nodes: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The ids of the customer and of everything below it, as the paths of `nodes` say; empty when it is not among them."""
    found = {node["_id"] for node in nodes if node["_id"] == customer or customer in (node.get("path") or ())}
    return frozenset(found) if customer in found else frozenset()


def belongs(name: str, document: Mapping[str, Any], ids: frozenset[str]) -> bool:
    """Whether a document of the collection `name` is of the family `ids`."""
    if name == CUSTOMERS:
        return document.get("_id") in ids
    named = [document.get(_ONE), *(one for path in _SEVERAL for one in _listed(document, path))]
    return any(isinstance(one, str) and one in ids for one in named)


def where(name: str, ids: frozenset[str]) -> dict[str, Any]:
    """The same as a question to the database."""
    wanted = {"$in": sorted(ids)}
    if name == CUSTOMERS:
        return {"_id": wanted}
    return {"$or": [{_ONE: wanted}, *({".".join(path): wanted} for path in _SEVERAL)]}


def _listed(document: Mapping[str, Any], path: Iterable[str]) -> list[Any]:
    value: Any = document
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return list(value) if isinstance(value, list | tuple) else []
