"""Checking the rows of a sales file: each becomes a fact ready to land, or a row error that says what to correct."""

import re
import struct
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson.decimal128 import Decimal128

from app.core.i18n import _
from app.core.ids import new_id
from app.core.mongo import Document
from app.trade.imports.findings import Findings
from app.trade.imports.models import MAX_CREATED, Cell, Negatives, Options, Unknown
from app.trade.imports.parsing import Mark, parse_date, parse_flag, parse_number, parse_share, parse_text
from app.trade.sales.models import Grain, Source
from app.trade.sales.rules import Incomplete, complete_prices, fact_id, period_of

_MONEY = ("net_revenue", "gross_revenue", "price_paid", "price_regular", "unit_acquisition_cost")
_PRICES = frozenset({"price_paid", "price_regular", "unit_acquisition_cost"})
_CURRENCY = re.compile(r"^[A-Z]{3}$")
_SOURCES = {"pos": "pos", "point of sale": "pos", "sell-out": "pos", "sellout": "pos",
            "shipment": "shipment", "shipments": "shipment", "sell-in": "shipment", "sellin": "shipment"}  # fmt: skip
_MEMO = 50_000
_FUTURE_DAYS = 7


@dataclass
class Directory:
    """Codes that are known: code -> id, and what other things a code may be (for the message)."""

    ids: dict[str, str]
    others: dict[str, str] = field(default_factory=dict)
    created: dict[str, str] = field(default_factory=dict)
    _without_zeros: dict[str, str] | None = None

    def near(self, code: str) -> str | None:
        """A known code that differs only by leading zeros or capitals."""
        if self._without_zeros is None:
            self._without_zeros = {known.lstrip("0").lower(): known for known in self.ids}
        return self._without_zeros.get(code.lstrip("0").lower())


@dataclass(frozen=True)
class SalesSetting:
    """What rows are checked against."""

    import_id: str
    mapping: Mapping[str, int]
    header: Sequence[str]
    options: Options
    mark: Mark
    date_order: str
    currency: str
    customers: Directory
    products: Directory
    today: date


class _Memo(dict[Any, Any]):
    """Cells already read; prices and dates repeat in most files."""

    def __init__(self, read: Callable[[Cell], Any]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, cell: Cell) -> Any:
        value = self._read(cell)
        if len(self) > _MEMO:
            self.clear()
        self[cell] = value
        return value


class _Rejected(Exception):
    """The row cannot land; its errors are recorded."""


class SalesRows:
    """Checks rows one by one and adds up what would land."""

    def __init__(self, setting: SalesSetting, findings: Findings) -> None:
        self.rows = 0
        self.units = Decimal(0)
        self.negative_rows = 0
        self.revenue: dict[str, Decimal] = defaultdict(Decimal)
        self.weeks: dict[datetime, list[Decimal]] = {}
        self.customer_ids: set[str] = set()
        self.product_ids: set[str] = set()
        self._setting, self._findings = setting, findings
        self._seen: dict[int, int] = {}
        self._numbers: dict[str, int] = {}
        mark, order = setting.mark, setting.date_order
        self._number = _Memo(lambda cell: parse_number(cell, mark))
        self._money = _Memo(lambda cell: _money(parse_number(cell, mark)))
        self._share = _Memo(lambda cell: parse_share(cell, mark))
        self._flag = _Memo(parse_flag)
        self._date = _Memo(lambda cell: self._period(cell, order))
        self._money_columns = [(name, setting.mapping[name]) for name in _MONEY if name in setting.mapping]

    def check(self, number: int, cells: Sequence[Cell]) -> Document | None:
        """The fact of row `number`, None when the row is rejected."""
        if len(cells) != len(self._setting.header) and not self._fits(number, cells):
            return None
        before = self._findings.errors
        try:
            fact, units, net = self._fact(number, cells)
        except _Rejected:
            return None
        if self._findings.errors != before:
            return None
        self._count(fact, units, net)
        return fact

    def _fits(self, number: int, cells: Sequence[Cell]) -> bool:
        width = len(self._setting.header)
        if len(cells) < width and max(self._setting.mapping.values()) >= len(cells):
            message = _("only {found} of {width} columns are there; the row may be cut off", found=len(cells), width=width)
        elif any(cell not in (None, "") for cell in cells[width:]):
            message = _("{found} columns instead of {width}; a text with the separator inside needs quotation marks",
                        found=len(cells), width=width)  # fmt: skip
        else:
            return True
        self._findings.add(number, "", "", message)
        return False

    def _fact(self, number: int, cells: Sequence[Cell]) -> tuple[Document, Decimal, Decimal]:
        setting = self._setting
        customer_id = self._resolve(number, cells, "customer", setting.customers, setting.options.unknown_customers, "customer")
        product_id = self._resolve(number, cells, "sku", setting.products, setting.options.unknown_products, "product")
        period = self._read(number, cells, "date", self._date, required=True)
        units = self._read(number, cells, "units", self._number, required=True)
        if customer_id is None or product_id is None or period is None or units is None:
            raise _Rejected
        source = self._source(number, cells)
        self._refuse_repeated(number, customer_id, product_id, period, source)
        if units < 0:
            self._negative(number, cells, units)
        currency = self._currency(number, cells)
        amounts, net = self._amounts(number, cells, units, currency)
        fact = {
            "_id": fact_id(customer_id, product_id, period, source),
            "source": source,
            "grain": setting.options.grain.value,
            "customer_id": customer_id,
            "product_id": product_id,
            "period": period,
            "units": int(units) if units == int(units) else float(units),
            **amounts,
            "deal": bool(self._read(number, cells, "deal", self._flag)),
            "feature": self._read(number, cells, "feature", self._share) or 0.0,
            "display": bool(self._read(number, cells, "display", self._flag)),
            "currency": currency,
            "import_id": setting.import_id,
            "version": 1,
        }
        return fact, units, net

    def _amounts(self, number: int, cells: Sequence[Cell], units: Decimal, currency: str) -> tuple[Document, Decimal]:
        given: dict[str, Decimal] = {}
        stored: dict[str, Decimal128 | None] = dict.fromkeys(_MONEY)
        for name, index in self._money_columns:
            cell = cells[index] if index < len(cells) else None
            try:
                amount = self._money[cell]
            except ValueError as error:
                self._findings.add(number, self._setting.header[index], cell, str(error))
                continue
            if amount is not None:
                given[name], stored[name] = amount
                if name in _PRICES and given[name] < 0:
                    self._findings.add(number, self._setting.header[index], cell, _("a price cannot be negative"))
        try:
            net, gross, paid, warning = complete_prices(units, currency, **given)
        except Incomplete as error:
            self._findings.add(number, self._name("net_revenue"), "", str(error))
            raise _Rejected from error
        if warning:
            self._findings.add(number, self._name("net_revenue"), net, warning, warning=True)
        if units > 0 > net:
            self._findings.add(number, self._name("net_revenue"), net, _("negative revenue for positive units"), warning=True)
        for name, exact in (("net_revenue", net), ("gross_revenue", gross), ("price_paid", paid)):
            if stored[name] is None and exact is not None:
                stored[name] = decimal128(exact)
        return dict(stored), net

    def _resolve(
        self, number: int, cells: Sequence[Cell], target: str, known: Directory, choice: Unknown, kind: str
    ) -> str | None:
        index = self._setting.mapping[target]
        cell = cells[index] if index < len(cells) else None
        found = known.ids.get(cell) if isinstance(cell, str) else None
        if found is not None:
            return found
        try:
            code = parse_text(cell)
        except ValueError as error:
            self._findings.add(number, self._setting.header[index], cell, str(error))
            return None
        found = known.ids.get(code) or known.created.get(code)
        if found is not None:
            return found
        problem = self._unknown(code, known, choice)
        if problem:
            self._findings.add(number, self._setting.header[index], code, problem)
            return None
        known.created[code] = new_id(kind)
        return known.created[code]

    def _unknown(self, code: str, known: Directory, choice: Unknown) -> str | None:
        """Why the code cannot be used, None when it may be created."""
        if not code:
            return _("empty; every row needs one")
        if len(code) > 64:
            return _("longer than 64 characters")
        if not code.isprintable():
            return _("holds characters that cannot be printed")
        if code in known.others:
            return known.others[code]
        if choice is Unknown.CREATE:
            if len(known.created) >= MAX_CREATED:
                return _("more than {limit} unknown codes; check that the right column is chosen", limit=MAX_CREATED)
            return None
        near = known.near(code)
        if near is not None:
            return _("unknown; did you mean {code}?", code=near)
        return _("unknown; create it first, or choose to create unknown ones")

    def _read(self, number: int, cells: Sequence[Cell], target: str, memo: _Memo, required: bool = False) -> Any:
        index = self._setting.mapping.get(target)
        if index is None:
            return None
        cell = cells[index] if index < len(cells) else None
        try:
            value = memo[cell]
        except ValueError as error:
            self._findings.add(number, self._setting.header[index], cell, str(error))
            return None
        if value is None and required:
            self._findings.add(number, self._setting.header[index], "", _("empty; every row needs one"))
        return value

    def _period(self, cell: Cell, order: str) -> datetime | None:
        day = parse_date(cell, order)
        if day is None:
            return None
        if day > self._setting.today + timedelta(days=_FUTURE_DAYS):
            raise ValueError(_("in the future; sales are facts of the past"))
        return period_of(day, self._setting.options.grain)

    def _source(self, number: int, cells: Sequence[Cell]) -> str:
        index = self._setting.mapping.get("source")
        if index is None or index >= len(cells) or cells[index] in (None, ""):
            return self._setting.options.source.value
        source = _SOURCES.get(str(cells[index]).strip().lower())
        if source is None:
            self._findings.add(number, self._setting.header[index], cells[index], _("pos or shipment is needed"))
            raise _Rejected
        return source

    def _currency(self, number: int, cells: Sequence[Cell]) -> str:
        index = self._setting.mapping.get("currency")
        cell = cells[index] if index is not None and index < len(cells) else None
        if index is None or cell in (None, ""):
            return self._setting.currency
        code = str(cell).strip().upper()
        if not _CURRENCY.match(code):
            self._findings.add(number, self._setting.header[index], cell, _("a currency code of three letters is needed"))
            raise _Rejected
        return code

    def _negative(self, number: int, cells: Sequence[Cell], units: Decimal) -> None:
        self.negative_rows += 1
        allowed = self._setting.options.negative_units is Negatives.ALLOW
        message = (
            _("negative units, taken as a return") if allowed else _("negative units; choose to allow returns, or correct them")
        )
        self._findings.add(number, self._name("units"), units, message, warning=allowed)

    def _refuse_repeated(self, number: int, customer_id: str, product_id: str, period: datetime, source: str) -> None:
        numbers = self._numbers
        key = numbers.setdefault(customer_id, len(numbers)) << 48 | numbers.setdefault(product_id, len(numbers)) << 24
        key |= period.toordinal() << 1 | (source == Source.POS.value)
        first = self._seen.setdefault(key, number)
        if first != number:
            grain = _("week") if self._setting.options.grain is Grain.WEEK else _("day")
            message = _("repeats row {row}: the same customer, SKU and {grain}", row=first, grain=grain)
            self._findings.add(number, self._name("date"), f"{period:%Y-%m-%d}", message)
            raise _Rejected

    def _name(self, target: str) -> str:
        index = self._setting.mapping.get(target)
        return self._setting.header[index] if index is not None else ""

    def _count(self, fact: Document, units: Decimal, net: Decimal) -> None:
        self.rows += 1
        self.units += units
        self.revenue[fact["currency"]] += net
        week = self.weeks.setdefault(fact["period"], [Decimal(0), Decimal(0)])
        week[0] += units
        week[1] += net
        self.customer_ids.add(fact["customer_id"])
        self.product_ids.add(fact["product_id"])


def _money(amount: Decimal | None) -> tuple[Decimal, Decimal128] | None:
    return None if amount is None else (amount, decimal128(amount))


def decimal128(amount: Decimal) -> Decimal128:
    """As `Decimal128(amount)`, several times faster for the coefficients that occur (below 2**63)."""
    sign, digits, exponent = amount.as_tuple()
    if not isinstance(exponent, int) or len(digits) > 18:
        return Decimal128(amount)
    coefficient = int("".join(map(str, digits)))
    return Decimal128.from_bid(struct.pack("<QQ", coefficient, sign << 63 | (exponent + 6176) << 49))
