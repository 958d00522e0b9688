"""What the form and the filters offer: customers from the top of the tree, products as a tree, and stored values as typed."""

from collections.abc import Collection
from typing import Any

from app.core.i18n import N_, _
from app.core.mongo import Document
from app.trade.customers.store import nodes as customers
from app.trade.hierarchy.choices import choice_tree
from app.trade.products.store import nodes as products
from app.trade.promotions.listing import exact
from app.trade.promotions.models import PromotionType
from app.web.formatting import iso_date

_INDENT = "\u2003"
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
    """Active customers as a tree, indented; the chosen one even when it is no longer active."""
    return [(one["id"], f"{_INDENT * one['depth']}{one['name']} ({one['code']})") for one in customer_tree([chosen])]


def product_options() -> list[tuple[str, str]]:
    """All products in the order of the tree, indented, for a filter."""
    return [(one["id"], _INDENT * one["depth"] + one["name"]) for one in product_tree([])]


def customer_tree(chosen: Collection[str]) -> list[dict[str, Any]]:
    """Customers from chain to store."""
    return choice_tree(customers, chosen)


def product_tree(chosen: Collection[str]) -> list[dict[str, Any]]:
    """Products from category to SKU."""
    return choice_tree(products, chosen)


def first_sold(tree: list[dict[str, Any]], sold: Collection[str]) -> str:
    """The first that sold lately: a new customer or product has nothing that could be tried out yet."""
    return next((str(one["id"]) for one in tree if one["id"] in sold), str(tree[0]["id"]) if tree else "")


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
