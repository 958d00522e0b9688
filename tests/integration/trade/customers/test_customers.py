"""Customers over the API and in pages: the tree holds, nobody's change is lost, lists are fast and never stale."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.access.models import Principal
from app.core.errors import Conflict, Invalid, Stale
from app.core.mongo import Db
from app.trade.customers import service
from app.trade.customers.models import CustomerChange
from app.trade.customers.store import nodes

Make = Callable[..., dict[str, Any]]


def path(db: Db, code: str) -> list[str]:
    """The codes on the way to `code`."""
    by_id = {node["_id"]: node["code"] for node in db["customers"].find()}
    node = db["customers"].find_one({"code": code})
    assert node is not None
    return [by_id[one] for one in node["path"]]


def test_a_customer_is_created_read_and_changed(ann: Any, make: Make) -> None:
    made = make("S1", channel="grocery", attributes={"size": 1.5})
    assert made["id"].startswith("cus_")
    assert made["currency"] == "USD"
    changed = ann.patch(f"/api/v1/customers/{made['id']}", json={"name": "Other", "version": 1})
    assert changed.status_code == 200
    assert (changed.json["name"], changed.json["channel"], changed.json["version"]) == ("Other", "grocery", 2)
    assert ann.get(f"/api/v1/customers/{made['id']}").json == changed.json


def test_the_one_who_saves_second_is_told(ann: Any, make: Make) -> None:
    made = make("S1")
    ann.patch(f"/api/v1/customers/{made['id']}", json={"name": "First", "version": 1})
    answer = ann.patch(f"/api/v1/customers/{made['id']}", json={"name": "Second", "version": 1})
    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/stale"
    assert ann.get(f"/api/v1/customers/{made['id']}").json["name"] == "First"


def test_a_taken_code_is_refused(ann: Any, make: Make) -> None:
    make("S1")
    answer = ann.post("/api/v1/customers", json={"code": "S1", "name": "Again"})
    assert answer.status_code == 409
    assert "S1 exists already" in answer.json["detail"]


def test_everything_below_follows_a_move(ann: Any, make: Make, mongo: Db) -> None:
    first, second = make("N1", "national"), make("N2", "national")
    region = make("R", "region", first)
    make("S", "store", region)
    assert path(mongo, "S") == ["N1", "R", "S"]
    assert ann.patch(f"/api/v1/customers/{region['id']}", json={"parent_id": second["id"], "version": 1}).status_code == 200
    assert path(mongo, "S") == ["N2", "R", "S"]
    below = ann.get(f"/api/v1/customers?under={second['id']}").json
    assert [one["code"] for one in below["items"]] == ["N2", "R", "S"]


def test_circles_and_upside_down_levels_are_refused(ann: Any, make: Make) -> None:
    banner = make("B", "banner")
    region = make("R", "region", banner)
    for body in (
        {"parent_id": region["id"], "version": 1},
        {"level": "store", "version": 1},
        {"parent_id": banner["id"], "version": 1},
    ):
        answer = ann.patch(f"/api/v1/customers/{banner['id']}", json=body)
        assert answer.status_code == 422, body
        assert answer.json["errors"][0]["field"] == "parent_id"


def test_moves_at_the_same_time_leave_a_sound_tree(make: Make, mongo: Db, redis_client: Any) -> None:
    who = Principal.system("tests")
    roots = [make(f"N{n}", "national") for n in range(3)]
    banner = make("B", "banner", roots[0])
    region = make("R", "region", banner)
    stores = [make(f"S{n}", "store", region) for n in range(4)]

    def move(turn: int) -> None:
        target, parents = [(banner, roots), (region, [banner, *roots]), (stores[turn % 4], [region, banner])][turn % 3]
        current = service.get(who, target["id"])
        wanted = CustomerChange(parent_id=parents[turn % len(parents)]["id"], version=current["version"])
        try:
            service.change(who, target["id"], wanted)
        except (Stale, Conflict, Invalid):
            return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(move, range(24)))
    assert nodes.rebuild_paths() == 0
    assert redis_client.ping()


def test_a_move_that_died_is_repaired_by_the_next(make: Make, mongo: Db) -> None:
    from app.trade.hierarchy.store import LEASES

    root = make("N", "national")
    region = make("R", "region", root)
    make("S", "store", region)
    mongo["customers"].update_one({"code": "S"}, {"$set": {"path": ["gone"]}})
    long_ago = mongo["customers"].find_one({"code": "N"})["created_at"]  # type: ignore[index]
    mongo[LEASES].update_one({"_id": "tree:customers"}, {"$set": {"holder": "dead", "until": long_ago}})
    make("S2", "store", region)
    assert path(mongo, "S") == ["N", "R", "S"]


def test_lists_are_filtered_sorted_and_paged(ann: Any, make: Make) -> None:
    for number in range(7):
        make(f"S{number}", channel="a" if number % 2 else "b")
    seen, cursor = [], None
    while True:
        answer = ann.get(
            "/api/v1/customers", query_string={"sort": "-code", "limit": 3, **({"cursor": cursor} if cursor else {})}
        ).json
        assert answer["total"] == 7
        seen += [one["code"] for one in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"S{number}" for number in reversed(range(7))]
    assert len(ann.get("/api/v1/customers?channel=a").json["items"]) == 3
    assert [one["code"] for one in ann.get("/api/v1/customers?q=name+s4").json["items"]] == ["S4"]
    assert ann.get("/api/v1/customers?q=(").json["items"] == []
    assert ann.get("/api/v1/customers?sort=password").status_code == 422
    assert ann.get("/api/v1/customers?cursor=x").status_code == 422


def test_no_list_is_stale_after_an_acknowledged_write(ann: Any, make: Make) -> None:
    made = make("S1")
    for turn in range(1, 15):
        assert ann.patch(f"/api/v1/customers/{made['id']}", json={"name": f"Name {turn}", "version": turn}).status_code == 200
        assert ann.get("/api/v1/customers").json["items"][0]["name"] == f"Name {turn}"


def test_a_list_that_did_not_change_is_not_sent_again(ann: Any, make: Make) -> None:
    make("S1")
    tag = ann.get("/api/v1/customers").headers["ETag"]
    assert ann.get("/api/v1/customers", headers={"If-None-Match": tag}).status_code == 304
    make("S2")
    assert ann.get("/api/v1/customers", headers={"If-None-Match": tag}).status_code == 200


def test_who_may_only_look_changes_nothing(as_role: Callable[[str], Any], make: Make) -> None:
    made = make("S1")
    viewer = as_role("viewer")
    assert viewer.get("/api/v1/customers").status_code == 200
    assert viewer.post("/api/v1/customers", json={"code": "X", "name": "Y"}).status_code == 403
    assert viewer.patch(f"/api/v1/customers/{made['id']}", json={"name": "Y", "version": 1}).status_code == 403
    assert "New customer" not in viewer.get("/customers").text
    assert as_role("operator").get("/api/v1/customers").status_code == 403


def test_every_change_is_in_the_audit_trail_and_on_the_page(ann: Any, make: Make, mongo: Db) -> None:
    made = make("S1")
    ann.patch(f"/api/v1/customers/{made['id']}", json={"name": "Other", "version": 1})
    entries = list(mongo["audit"].find({"subject_id": made["id"]}).sort("_id", 1))
    assert [one["action"] for one in entries] == ["customers.created", "customers.changed"]
    assert (entries[1]["before"], entries[1]["after"]) == ({"name": "Name S1"}, {"name": "Other"})
    assert "name from Name S1 to Other" in ann.get(f"/customers/{made['id']}").text


def test_changes_are_events(make: Make, redis_client: Any) -> None:
    made = make("S1")
    events = [fields for _id, fields in redis_client.xrange("events") if fields["topic"] == "customers"]
    assert events[-1]["type"] == "customer.created"
    assert made["id"] in events[-1]["data"]


@pytest.mark.parametrize(
    "address", ["/customers", "/customers/new", "/customers/{id}", "/customers/{id}/edit", "/customers/{id}/sales"]
)
def test_pages_answer(ann: Any, make: Make, address: str) -> None:
    made = make("S1")
    assert ann.get(address.format(id=made["id"])).status_code == 200


def test_a_form_tells_what_to_correct_and_keeps_what_was_typed(ann: Any, make: Make) -> None:
    make("S1")
    answer = ann.post("/customers/new", data={"code": "S1", "name": "Typed by hand", "level": "store", "currency": "euro"})
    assert answer.status_code == 422
    assert "Three letters" in answer.text
    assert "Typed by hand" in answer.text
    answer = ann.post("/customers/new", data={"code": "S1", "name": "Typed by hand", "level": "store"})
    assert answer.status_code == 409
    assert "exists already" in answer.text


def test_a_form_that_comes_second_shows_both_changes_and_loses_none(ann: Any, make: Make) -> None:
    import json

    made = make("S1", channel="grocery", payment_terms="30 days")
    was = {"code": "S1", "name": "Name S1", "level": "store", "parent_id": "", "channel": "grocery", "status": "active",
           "payment_terms": "30 days", "currency": "USD"}  # fmt: skip
    ann.patch(f"/api/v1/customers/{made['id']}", json={"payment_terms": "60 days", "version": 1})
    mine = {**was, "name": "My name", "version": "1", "was": json.dumps(was)}
    answer = ann.post(f"/customers/{made['id']}/edit", data=mine)
    assert answer.status_code == 409
    assert "Somebody saved a change while you were editing" in answer.text
    assert "60 days" in answer.text
    assert 'value="My name"' in answer.text
    assert 'name="version" value="2"' in answer.text
    merged = {**mine, "payment_terms": "60 days", "version": "2", "was": json.dumps({**was, "payment_terms": "60 days"})}
    assert ann.post(f"/customers/{made['id']}/edit", data=merged).status_code == 302
    after = ann.get(f"/api/v1/customers/{made['id']}").json
    assert (after["name"], after["payment_terms"]) == ("My name", "60 days")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_can_be_imported_again(ann: Any, make: Make, kind: str) -> None:
    import io

    root = make("N", "national")
    make("S", "store", root, attributes={"size": 1.5})
    exported = ann.get(f"/customers?format={kind}")
    assert exported.status_code == 200
    data = {"file": (io.BytesIO(exported.data), f"customers.{kind}"), "kind": "customers"}
    document = ann.post("/api/v1/imports", data=data, content_type="multipart/form-data").json
    checked = ann.put(f"/api/v1/imports/{document['id']}/mapping", json={"columns": document["mapping"]}).json
    assert checked["counts"]["unchanged"] == 2, checked
    assert checked["counts"]["errors"] == 0


@pytest.mark.parametrize(
    "body",
    [
        {"attributes": {"a": 10**30}}, {"attributes": {"a\x00b": 1}}, {"attributes": {"$where": 1}}, {"attributes": {"a.b": 1}},
        {"name": "nul \x00 inside"}, {"code": "\x00"}, {"parent_id": "\x00"}, {"currency": "ÄÖÜ"}, {"name": "\ud800"},
    ],
)  # fmt: skip
def test_odd_input_is_refused_or_stored_and_never_an_error_of_ours(ann: Any, make: Make, body: dict[str, Any]) -> None:
    made = make("S1")
    assert ann.post("/api/v1/customers", json={"code": "S2", "name": "X", **body}).status_code in {201, 422}
    assert ann.patch(f"/api/v1/customers/{made['id']}", json={**body, "version": 1}).status_code in {200, 422}
    assert ann.patch(f"/api/v1/customers/{made['id']}", json={"name": "Y", "version": 10**30}).status_code in {409, 422}


HUGE_CURSOR = "WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAsICJ4Il0="


@pytest.mark.parametrize("query", ["q=%00", "q=%5C", "under=%00", "cursor=WzFlNDAwLCAieCJd", f"cursor={HUGE_CURSOR}"])
def test_odd_questions_are_answered(ann: Any, make: Make, query: str) -> None:
    make("S1")
    assert ann.get(f"/api/v1/customers?{query}").status_code in {200, 422}
    assert ann.get(f"/customers?{query}").status_code in {200, 422}
