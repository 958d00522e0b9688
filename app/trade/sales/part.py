"""How a question about a part of the sales is put to the AI service: which sales, and whose field it was when it refuses."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from app.access.models import Principal
from app.core.ai import NoSales
from app.core.errors import FieldError, Invalid
from app.core.i18n import _
from app.trade.customers.store import nodes as customers
from app.trade.products.store import nodes as products
from app.trade.sales import explorer
from app.trade.sales.models import Source


def newest_day(who: Principal, source: Source) -> date:
    """The first day of the newest period with sales. Raises NoSales."""
    newest = explorer.newest_day(who, source)
    if newest is None:
        raise NoSales(_("There are no sales to work from. Import some first."))
    return newest


def part_of_sales(customer_ids: Sequence[str], product_ids: Sequence[str], source: Source) -> dict[str, Any]:
    """Customers of any level, SKUs below the products, source, as the AI service is asked; empty means all.

    Raises Invalid, naming `customer` or `product`, when one does not exist or nothing can be sold below it.
    """
    skus = sorted({sku for product in product_ids for sku in products.below(product, "sku")})
    errors = []
    if product_ids and not skus:
        errors.append(FieldError("product", _("There is no such product, or nothing to sell below it.")))
    if set(customer_ids) - set(customers.by_ids(customer_ids, {"_id": 1})):
        errors.append(FieldError("customer", _("There is no such customer.")))
    if errors:
        raise Invalid(_("Choose customers and products that exist."), errors)
    return {"customer_ids": list(customer_ids), "product_ids": skus, "source": source.value}


def asked_with_our_names(ask: Callable[[], dict[str, Any]], names: Mapping[str, str]) -> dict[str, Any]:
    """The answer, or Invalid with our names of the fields. `names`: the AI service's fields by their beginning, longest first."""
    try:
        return ask()
    except Invalid as error:
        raise Invalid(error.detail, [FieldError(_ours(one.field, names), one.message) for one in error.errors]) from error


def _ours(field: str, names: Mapping[str, str]) -> str:
    return next((name for start, name in names.items() if field == start or field.startswith(f"{start}.")), field)
