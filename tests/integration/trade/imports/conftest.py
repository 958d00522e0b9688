"""Files to import, and a person who may."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from app.access.models import Principal, Role
from app.core.jobs import Progress
from app.core.mongo import Db, Document
from app.trade.customers.models import CustomerInput
from app.trade.customers.service import create as create_customer
from app.trade.imports import service
from app.trade.imports.models import Kind, MappingInput, Options
from app.trade.products.models import ProductInput
from app.trade.products.service import create as create_product

HEADER = "store,sku,week,units,net revenue,price,deal"


@pytest.fixture
def person(mongo: Db, redis_client: Any) -> Principal:
    """An account manager."""
    return Principal("usr_tests", "Ann", "ann@example.com", Role.ACCOUNT_MANAGER)


@pytest.fixture
def known(person: Principal) -> None:
    """Stores S1 to S3 and SKUs A and B."""
    for code in ("S1", "S2", "S3"):
        create_customer(person, CustomerInput(code=code, name=f"Store {code}"))
    for sku in ("A", "B"):
        create_product(person, ProductInput(sku=sku, name=f"Product {sku}"))


Imported = Callable[..., Document]


@pytest.fixture
def imported(person: Principal, tmp_path: Path) -> Imported:
    """`imported(rows, **options)`: a sales file of these rows, all the way in."""
    count = iter(range(1_000))

    def run(rows: Sequence[str], header: str = HEADER, kind: Kind = Kind.SALES, **options: Any) -> Document:
        path = tmp_path / f"file{next(count)}.csv"
        path.write_text("\n".join([header, *rows]) + "\n")
        return service.import_file(person, path, kind, Options(**options), Progress.unwatched())

    return run


def uploaded(person: Principal, content: bytes | str, name: str = "sales.csv", kind: Kind = Kind.SALES) -> Document:
    """A file taken in, not checked yet."""
    content = content.encode() if isinstance(content, str) else content
    return service.upload(person, io.BytesIO(content), name, kind)


def checked(
    person: Principal, content: bytes | str, name: str = "sales.csv", kind: Kind = Kind.SALES, **options: Any
) -> Document:
    """A file taken in and checked with the guessed columns."""
    document = uploaded(person, content, name, kind)
    return service.set_mapping(person, document["_id"], MappingInput(columns=document["mapping"], options=Options(**options)))


def facts(mongo: Db) -> list[Document]:
    """All facts by id."""
    return list(mongo["sales"].find({}).sort("_id", 1))
