"""What a column can mean, for each kind of file, and the header words it is known by."""

from dataclasses import dataclass
from typing import Literal

from app.core.i18n import N_
from app.trade.imports.models import Kind

Content = Literal["text", "date", "number", "money", "flag", "share"]


@dataclass(frozen=True)
class Target:
    """One field. `names` are header words, best first, comma separated, in lower case without punctuation."""

    name: str
    label: str
    content: Content
    names: str
    required: bool = False
    help: str = ""

    @property
    def known_as(self) -> list[str]:
        """The header words one by one, the field's own name first."""
        return [self.name.replace("_", " "), *(word.strip() for word in self.names.split(","))]


_CURRENCY = Target("currency", N_("Currency"), "text", "currency code, währung, waehrung, devise, moneda")
_STATUS = Target("status", N_("Status"), "text", "state, active", help=N_("active or not"))

SALES = (
    Target("customer", N_("Customer code"), "text",
           "customer code, customer id, customer number, store, store code, store id, store number, outlet, account, "
           "kunde, kundennummer, filiale, client, magasin, cliente, tienda", required=True),
    Target("sku", N_("SKU"), "text",
           "sku code, product code, product id, product, item code, item, item number, article, article number, upc, ean, "
           "gtin, artikel, artikelnummer, produkt, produit, producto, brand", required=True),
    Target("date", N_("Date or week"), "date",
           "week, period, week start, week starting, week ending, week end, day, sales date, invoice date, datum, woche, "
           "kalenderwoche, kw, semaine, fecha, semana, iso week", required=True),
    Target("units", N_("Units"), "number",
           "quantity, qty, units sold, unit sales, volume, pieces, pcs, menge, stück, stueck, absatz, quantité, quantite, "
           "unidades, cantidad, move", required=True),
    Target("net_revenue", N_("Net revenue"), "money",
           "net sales, revenue, sales, sales value, net value, turnover, umsatz, nettoumsatz, amount, value, "
           "chiffre d affaires, ventas, dollars"),
    Target("gross_revenue", N_("Gross revenue"), "money", "gross sales, gross value, bruttoumsatz, gross",
           help=N_("At regular prices, before discounts")),
    Target("price_paid", N_("Price paid"), "money",
           "price, net price, actual price, shelf price, unit price, selling price, preis, verkaufspreis, prix, precio"),
    Target("price_regular", N_("Regular price"), "money",
           "price regular, regular price, base price, normal price, list price, everyday price, normalpreis, rrp"),
    Target("unit_acquisition_cost", N_("Acquisition cost per unit"), "money",
           "acquisition cost, unit cost, cost, cost price, purchase price, wholesale price, einkaufspreis",
           help=N_("What the retailer paid the manufacturer for one unit")),
    Target("deal", N_("On deal"), "flag", "on deal, promo, promotion, promoted, on promotion, aktion"),
    Target("feature", N_("Feature"), "share", "feat, featured, advertised, ad, flyer, leaflet, handzettel",
           help=N_("Yes or no, or the share of stores that advertised")),
    Target("display", N_("Display"), "flag", "disp, displayed, end cap, second placement, zweitplatzierung"),
    Target("source", N_("Source"), "text", "data source", help=N_("pos or shipment, where rows differ")),
    _CURRENCY,
)  # fmt: skip

CUSTOMERS = (
    Target("code", N_("Code"), "text", "customer code, customer id, customer, store code, store, id, number, kundennummer", True),
    Target("name", N_("Name"), "text", "customer name, store name, description, bezeichnung"),
    Target("level", N_("Level"), "text", "type, ebene", help=N_("national, banner, region or store")),
    Target("parent", N_("Parent code"), "text", "parent code, parent id, belongs to, banner, region"),
    Target("channel", N_("Channel"), "text", "format, store format, kanal"),
    Target("payment_terms", N_("Payment terms"), "text", "terms, zahlungsziel"),
    _STATUS,
    _CURRENCY,
)

PRODUCTS = (
    Target("sku", N_("SKU"), "text", "sku code, product code, code, item code, item, article, id, artikelnummer", True),
    Target("name", N_("Name"), "text", "product name, description, bezeichnung"),
    Target("ean", N_("EAN"), "text", "gtin, upc, barcode"),
    Target("level", N_("Level"), "text", "type, ebene", help=N_("category, brand, sub-brand or SKU")),
    Target("parent", N_("Parent SKU"), "text", "parent sku, parent code, parent id, brand, belongs to"),
    Target("pack_size", N_("Pack size"), "number", "size, content, inhalt"),
    Target("pack_unit", N_("Pack unit"), "text", "unit, uom, unit of measure, einheit"),
    Target("unit_cost", N_("Unit cost"), "money", "cost, cost of goods, cogs, herstellkosten"),
    Target("unit_cost_basis", N_("Basis of the unit cost"), "text", "cost basis", help=N_("measured or assumed")),
    Target("list_price", N_("List price"), "money", "price, listenpreis"),
    _STATUS,
    _CURRENCY,
)  # fmt: skip

TARGETS: dict[Kind, tuple[Target, ...]] = {Kind.SALES: SALES, Kind.CUSTOMERS: CUSTOMERS, Kind.PRODUCTS: PRODUCTS}

ATTRIBUTE = "attributes."
"""Columns of a customer file whose header starts so are kept under that name."""
