"""The count beside a list: right after every write, and not asked again while only names change."""

from typing import Any

import pytest

from app.trade.customers import store

PATH = "/api/v1/customers"


def new(client: Any, code: str) -> Any:
    return client.post(PATH, json={"code": code, "name": f"Shop {code}", "level": "national"}).json


def change(client: Any, customer: Any, **changes: Any) -> Any:
    answer = client.patch(f"{PATH}/{customer['id']}", json={"version": customer["version"], **changes})
    assert answer.status_code == 200
    return answer.json


def total(client: Any, query: str = "") -> int:
    return int(client.get(f"{PATH}?{query}").json["total"])


def test_every_write_is_counted_by_the_next_reader(as_role: Any) -> None:
    client = as_role("manager")
    for number in range(1, 4):
        customer = new(client, f"C{number}")
        assert total(client) == total(client, "status=active") == number
    customer = change(client, customer, status="inactive")
    assert (total(client), total(client, "status=active"), total(client, "status=inactive")) == (3, 2, 1)
    change(client, customer, name="Another", status="active")
    assert (total(client, "status=active"), total(client, "status=inactive")) == (3, 0)


def test_a_filter_that_looks_at_names_counts_after_a_rename(as_role: Any) -> None:
    client = as_role("manager")
    customer = new(client, "C1")
    assert total(client, "q=zebra") == 0
    change(client, customer, name="Zebra")
    assert total(client, "q=zebra") == 1


def test_a_rename_leaves_the_count_known(as_role: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client = as_role("manager")
    customer = new(client, "C1")
    assert total(client) == 1
    counts: list[Any] = []
    counted = type(store.nodes).count
    monkeypatch.setattr(type(store.nodes), "count", lambda self, where=None: counts.append(where) or counted(self, where))
    customer = change(client, customer, name="Renamed")
    answer = client.get(PATH).json
    assert (answer["total"], answer["items"][0]["name"], counts) == (1, "Renamed", [])
    change(client, customer, name="Again", status="inactive")
    assert total(client) == 1
    assert counts == [{}]
