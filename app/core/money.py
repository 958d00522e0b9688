"""Money: an exact amount with its currency, and the one rounding function."""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from bson.decimal128 import Decimal128

# ISO 4217 minor units; all other currencies have two.
_WITHOUT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_WITH_THREE = "BHD IQD JOD KWD LYD OMR TND"
_DIGITS = {**dict.fromkeys(_WITHOUT.split(), 0), **dict.fromkeys(_WITH_THREE.split(), 3)}
# Python's default of 28 digits would refuse amounts that Decimal128 (34 digits) holds.
_EXACT = Context(prec=100)


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies were combined."""


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Round to the currency's smallest unit, half to even (IEEE 754 banker's rounding)."""
    return amount.quantize(Decimal(1).scaleb(-_DIGITS.get(currency, 2)), rounding=ROUND_HALF_EVEN, context=_EXACT)


def to_decimal128(amount: Decimal | None) -> Decimal128 | None:
    """As stored in MongoDB."""
    return None if amount is None else Decimal128(amount)


def from_decimal128(value: Decimal128 | Decimal | int | None) -> Decimal | None:
    """As used in code; floats are refused because they never hold money."""
    if value is None:
        return None
    if isinstance(value, Decimal128):
        return value.to_decimal()
    if isinstance(value, float):
        raise TypeError("A float cannot hold money")
    return Decimal(value)


def parse_decimal(text: str) -> Decimal:
    """A finite Decimal from plain text; raises ValueError otherwise. Underscores, which Python would allow, are refused."""
    try:
        value = Decimal(text.strip().replace("_", "?"))
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    return value


@dataclass(frozen=True, order=False)
class Money:
    """An exact amount of one currency. Immutable; arithmetic keeps full precision until `rounded()`."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.amount, float):
            raise TypeError("A float cannot hold money")

    def __add__(self, other: "Money") -> "Money":
        return Money(_EXACT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(_EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __mul__(self, factor: Decimal | int) -> "Money":
        if isinstance(factor, float):
            raise TypeError("A float cannot scale money")
        return Money(_EXACT.multiply(self.amount, Decimal(factor)), self.currency)

    def rounded(self) -> "Money":
        """Rounded to the currency's smallest unit."""
        return Money(round_money(self.amount, self.currency), self.currency)

    def _same(self, other: "Money") -> Decimal:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency} cannot be combined")
        return other.amount
