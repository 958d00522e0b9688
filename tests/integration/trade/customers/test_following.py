"""Lists after any mix of writes are what the database says, though renames are worked in without asking it."""

import gzip
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from app.access.models import Principal
from app.core import follow
from app.core.mongo import Db
from app.trade.customers import service
from app.trade.customers.models import CustomerChange, CustomerInput, CustomerQuery
from app.trade.hierarchy.answers import unpack
from app.trade.hierarchy.store import Nodes

WHO = Principal.system("tests")
QUERIES = [
    *(CustomerQuery(sort=sort, limit=limit) for sort in ("name", "-name", "code", "-updated_at") for limit in (3, 50)),
    CustomerQuery(sort="name", limit=3, level="store"),
    CustomerQuery(sort="name", limit=50, q="a"),
    CustomerQuery(sort="name", limit=3, count=False),
]


def shown(load: Callable[..., bytes], query: Any) -> Any:
    return json.loads(gzip.decompress(unpack(load(WHO, query))[1]))


def test_lists_are_what_the_database_says_after_each_write(mongo: Db, redis_client: Any) -> None:
    choice = random.Random(7)
    nodes = [_create(choice, number) for number in range(6)]
    for number in range(60):
        for query in QUERIES:
            shown(service.load_page, query)
        one = choice.choice(nodes)
        version = service.get(WHO, one)["version"]
        kind = choice.choice(["rename"] * 6 + ["channel", "create"])
        if kind == "create":
            nodes.append(_create(choice, 100 + number))
        elif kind == "channel":
            service.change(WHO, one, CustomerChange(version=version, channel=_name(choice)))
        else:
            service.change(WHO, one, CustomerChange(version=version, name=_name(choice)))
        following = [shown(service.load_page, query) for query in QUERIES]
        follow.forget()
        assert following == [shown(service.load_page, query) for query in QUERIES], kind


def test_a_rename_asks_the_database_for_no_list(mongo: Db, redis_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    choice, pages = random.Random(1), []
    one = next(iter([_create(choice, number) for number in range(3)]))
    page = Nodes.page
    monkeypatch.setattr(Nodes, "page", lambda *args, **options: pages.append(1) or page(*args, **options))  # type: ignore[func-returns-value]
    for version in range(1, 4):
        shown(service.load_page, QUERIES[0])
        service.change(WHO, one, CustomerChange(version=version, name=f"name {version}"))
        assert f"name {version}" in {item["name"] for item in shown(service.load_page, CustomerQuery(sort="name"))["items"]}
    assert len(pages) == 2


def _create(choice: random.Random, number: int) -> str:
    level = choice.choice(["store", "region"])
    fields = CustomerInput(code=f"C{number}", name=_name(choice), level=level)
    return str(service.create(WHO, fields)["_id"])


def _name(choice: random.Random) -> str:
    return "".join(choice.choice("abcZé") for _ in range(choice.randint(1, 4)))
