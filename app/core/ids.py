"""Ids: a prefix that says what it is, and a ULID that sorts by time (`prm_01H...`)."""

from ulid import ULID

PREFIXES = {
    "customer": "cus",
    "product": "prd",
    "sale": "sal",
    "import": "imp",
    "promotion": "prm",
    "plan": "pln",
    "user": "usr",
    "session": "ses",
    "job": "job",
    "look": "lok",
}


def new_id(kind: str) -> str:
    """A new id for `kind`, one of PREFIXES."""
    return f"{PREFIXES[kind]}_{ULID()}"
