"""What the form and the filters offer: customers from the top of the tree, products as a tree, and stored values as typed."""

from typing import Any

from app.core.i18n import N_, _
from app.core.mongo import Document
from app.trade.customers.store import nodes as customers
from app.trade.products.store import nodes as products
from app.trade.promotions.listing import exact
from app.trade.promotions.models import PromotionType
from app.web.formatting import iso_date

_OFFERED = 2_000
_LEVELS = {"national": 0, "banner": 1, "region": 2, "store": 3}
TYPES = {
    PromotionType.PRICE_DISCOUNT: N_("Price discount"),
    PromotionType.VOLUME_DISCOUNT: N_("Volume discount"),
    PromotionType.MULTI_BUY: N_("Multi-buy"),
    PromotionType.BUNDLE: N_("Bundle"),
    PromotionType.GIFT: N_("Gift"),
    PromotionType.LOYALTY: N_("Loyalty"),
    PromotionType.DISPLAY: N_("Display"),
    PromotionType.FEATURE: N_("Feature advertisement"),
}


def type_options() -> list[tuple[str, str]]:
    """Value and word of each type."""
    return [(kind.value, _(word)) for kind, word in TYPES.items()]


def type_word(kind: str) -> str:
    """The word of a stored type."""
    return _(TYPES[PromotionType(kind)])


def customer_options(chosen: str = "") -> list[tuple[str, str]]:
    """Active customers, whole chains before single stores; the chosen one even when it is no longer active."""
    where = {"$or": [{"status": "active"}, {"_id": chosen}]}
    found = list(customers.find(where, {"code": 1, "name": 1, "level": 1}))[:_OFFERED]
    found.sort(key=lambda node: (_LEVELS.get(node["level"], 9), node["name"]))
    return [(node["_id"], f"{node['name']} ({node['code']})") for node in found]


def product_options() -> list[tuple[str, str]]:
    """All products in the order of the tree, deeper ones indented, for a filter."""
    return [(one["id"], "\u2003" * one["depth"] + one["name"]) for one in product_tree([])]


def product_tree(chosen: list[str]) -> list[dict[str, Any]]:
    """Products from category to SKU, each under its parent, with depth and whether it is chosen."""
    wanted = {"name": 1, "sku": 1, "level": 1, "parent_id": 1, "status": 1}
    nodes = [node for node in products.find({}, wanted) if node.get("status") == "active" or node["_id"] in chosen][:_OFFERED]
    known = {node["_id"] for node in nodes}
    children: dict[str | None, list[Document]] = {}
    for node in sorted(nodes, key=lambda one: str(one["name"])):
        parent = node.get("parent_id")
        children.setdefault(parent if parent in known else None, []).append(node)
    tree: list[dict[str, Any]] = []

    def walk(parent: str | None, depth: int) -> None:
        for node in children.get(parent, ()):
            tree.append({
                "id": node["_id"], "name": node["name"], "code": node["sku"], "level": node["level"], "depth": depth,
                "chosen": node["_id"] in chosen,
            })  # fmt: skip
            walk(node["_id"], depth + 1)

    walk(None, 0)
    return tree


def form_values(row: Document) -> dict[str, str]:
    """A stored promotion as its form holds it."""
    sell_in, costs, discount = row.get("sell_in") or {}, row.get("costs") or {}, exact(row.get("discount"))
    values = {name: str(row.get(name) or "") for name in ("code", "name", "type", "customer_id", "note", "source")}
    values |= {"start": iso_date(row["start"]), "end": iso_date(row["end"]), "version": str(row["version"])}
    values |= {f"sell_in_{name}": iso_date(sell_in.get(name)) for name in ("start", "end")}
    values |= {name: str(row[name]) for name in ("pre_weeks", "post_weeks")}
    values |= {name: _plain(exact(costs.get(name))) for name in ("fixed", "per_unit")}
    values["discount"] = _plain(discount * 100 if discount is not None else None)
    return values


def _plain(value: Any) -> str:
    return "" if value is None else f"{value.normalize():f}"
