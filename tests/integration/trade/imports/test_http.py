"""The API and the pages of imports."""

import hashlib
import io
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import Workbook

from app.core import mongo as core_mongo
from app.core.mongo import Db
from app.core.settings import Settings
from app.trade.imports import service
from app.worker.run import run_pending

FORM = "multipart/form-data"
CSV = b"store,sku,week,units,net revenue\nS1,A,2024-01-01,10,25.00\nS9,A,2024-01-01,1,=2\n"


@pytest.fixture
def ann(as_role: Callable[[str], Any], known: None) -> Any:
    """Signed in as account manager."""
    return as_role("account_manager")


def upload(client: Any, content: bytes = CSV, name: str = "sales.csv", **fields: str) -> Any:
    return client.post("/api/v1/imports", data={"file": (io.BytesIO(content), name), **fields}, content_type=FORM)


def test_a_file_goes_in_checked_landed_and_back_over_the_api(ann: Any) -> None:
    answer = upload(ann)
    assert answer.status_code == 201, answer.json
    document = answer.json
    assert document["status"] == "mapping"
    assert document["columns"][2] == {"number": 2, "letter": "C", "name": "week", "samples": ["2024-01-01", "2024-01-01"]}
    address = f"/api/v1/imports/{document['id']}"
    checked = ann.put(f"{address}/mapping", json={"columns": document["mapping"], "options": {}}).json
    assert checked["status"] == "validated"
    assert checked["counts"]["rows"] == 1
    assert checked["totals"]["revenue"] == {"USD": "25.00"}
    errors = ann.get(f"{address}/errors").json
    assert {one["row"] for one in errors["items"]} == {3}
    assert ann.post(f"{address}/confirm", json={"version": checked["version"]}).status_code == 202
    run_pending()
    landed = ann.get(address).json
    assert landed["status"] == "landed"
    assert landed["counts"]["inserted"] == 1
    assert ann.post(f"{address}/revert", json={}).status_code == 202
    run_pending()
    assert ann.get(address).json["status"] == "reverted"


def test_the_same_content_answers_with_the_earlier_import(ann: Any) -> None:
    first = upload(ann).json
    again = upload(ann, name="other name.csv")
    assert again.status_code == 200
    assert again.json["already_imported"]
    assert again.json["id"] == first["id"]


def test_a_stale_version_is_refused(ann: Any) -> None:
    document = upload(ann).json
    address = f"/api/v1/imports/{document['id']}"
    ann.put(f"{address}/mapping", json={"columns": document["mapping"]})
    answer = ann.post(f"{address}/confirm", json={"version": 1})
    assert answer.status_code == 409
    assert answer.json["type"] == "/problems/stale"


@pytest.mark.parametrize(
    ("content", "name"), [(b"", "a.csv"), (b"PK\x03\x04broken", "a.xlsx"), (b"%PDF-1.4", "a.csv"), (b'a,b\n1,"2', "a.csv")]
)
def test_unusable_files_are_refused_and_leave_nothing(ann: Any, content: bytes, name: str) -> None:
    answer = upload(ann, content, name)
    assert answer.status_code == 422
    assert answer.json["type"] == "/problems/unusable-file"
    assert answer.json["detail"]
    assert core_mongo.database()["imports"].count_documents({}) == 0
    assert core_mongo.database()["uploads.chunks"].count_documents({}) == 0


def test_an_incomplete_mapping_names_the_fields(ann: Any) -> None:
    document = upload(ann).json
    answer = ann.put(f"/api/v1/imports/{document['id']}/mapping", json={"columns": {"sku": 1, "date": 99}})
    assert answer.status_code == 422
    assert {"columns.customer", "columns.date", "columns.units", "columns.net_revenue"} <= {
        one["field"] for one in answer.json["errors"]
    }


def test_ambiguous_dates_are_a_question_not_a_guess(ann: Any) -> None:
    document = upload(ann, b"store,sku,week,units,price\nS1,A,03/04/2024,10,2\n").json
    address = f"/api/v1/imports/{document['id']}/mapping"
    answer = ann.put(address, json={"columns": document["mapping"]})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "options.date_format"
    answer = ann.put(address, json={"columns": document["mapping"], "options": {"date_format": "mdy"}})
    assert answer.json["totals"]["from"].startswith("2024-03-04")


def test_mappings_are_remembered_for_files_with_the_same_columns(ann: Any) -> None:
    document = upload(ann, b"a,b,c,d,e\nS1,A,2024-01-01,10,2\n").json
    assert document["mapping"] == {}
    columns = {"customer": 0, "sku": 1, "date": 2, "units": 3, "price_paid": 4}
    ann.put(f"/api/v1/imports/{document['id']}/mapping", json={"columns": columns, "options": {"source": "shipment"}})
    next_one = upload(ann, b"e,d,c,b,a\n2,10,2024-01-08,A,S1\n").json
    assert next_one["mapping"] == {"customer": 4, "sku": 3, "date": 2, "units": 1, "price_paid": 0}
    assert next_one["options"]["source"] == "shipment"


def test_workbooks_come_in_too_and_formulas_without_value_are_row_errors(ann: Any) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["store", "sku", "week", "units", "price"],
        ["S1", "A", "2024-W01", 10, 2.5],
        ["S2", "A", "2024-W01", "=1+1", 2.5],
    ):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    document = upload(ann, out.getvalue(), "sales.xlsx").json
    checked = ann.put(f"/api/v1/imports/{document['id']}/mapping", json={"columns": document["mapping"]}).json
    assert checked["counts"]["rows"] == 1
    errors = ann.get(f"/api/v1/imports/{document['id']}/errors").json["items"]
    assert "formula" in errors[0]["message"]


def test_large_files_are_checked_by_the_worker(ann: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "INLINE_BYTES", {"csv": 10, "xlsx": 10})
    document = upload(ann).json
    answer = ann.put(f"/api/v1/imports/{document['id']}/mapping", json={"columns": document["mapping"]}).json
    assert answer["status"] == "validating"
    assert answer["job_id"].startswith("job_")
    run_pending()
    assert ann.get(f"/api/v1/imports/{document['id']}").json["status"] == "validated"


def test_row_errors_download_without_anything_a_spreadsheet_would_run(ann: Any) -> None:
    document = upload(ann, b"store,sku,week,units,net revenue\n=cmd(),A,2024-01-01,10,25\n").json
    ann.put(f"/api/v1/imports/{document['id']}/mapping", json={"columns": document["mapping"]})
    answer = ann.get(f"/api/v1/imports/{document['id']}/errors.csv")
    assert answer.mimetype == "text/csv"
    assert "'=cmd()" in answer.text
    assert ",=cmd()" not in answer.text


def test_the_file_is_judged_by_its_own_size_not_by_that_of_its_envelope(ann: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    envelope = ann.application.config["MAX_CONTENT_LENGTH"] - service.settings().upload_limit_bytes
    assert envelope == 2**20, "as nginx allows imports 51 MB"
    monkeypatch.setattr(service, "settings", lambda: Settings(upload_limit_bytes=2**20))
    answer = upload(ann, CSV.ljust(2**20, b"\n"))
    assert answer.status_code == 201, answer.json
    answer = upload(ann, CSV.ljust(2**20 + 1, b"\n"))
    assert (answer.status_code, answer.json["type"]) == (413, "/problems/too-large")
    assert answer.json["detail"] == "The file is larger than 1 MB. Split it and import the parts."


def test_the_page_says_beside_the_file_that_it_is_too_large(ann: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "settings", lambda: Settings(upload_limit_bytes=2**20))
    large = {"kind": "sales", "file": (io.BytesIO(CSV.ljust(2**20 + 1, b"\n")), "sales.csv")}
    answer = ann.post("/imports/new", data=large, content_type=FORM)
    assert answer.status_code == 413
    assert "The file is larger than 1 MB. Split it and import the parts." in answer.text
    assert "Upload and continue" in answer.text
    assert core_mongo.database()["imports"].count_documents({}) == 0


def test_the_audit_trail_tells_the_life_of_an_import_with_who_did_what(
    ann: Any, as_role: Callable[[str], Any], mongo: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "INLINE_BYTES", {"csv": 10, "xlsx": 10})
    document = upload(ann).json
    address = f"/api/v1/imports/{document['id']}"
    ann.put(f"{address}/mapping", json={"columns": document["mapping"]})
    run_pending()
    confirmed = ann.post(f"{address}/confirm", json={})
    run_pending()
    bob = as_role("administrator")
    taken_back = bob.post(f"{address}/revert", json={})
    run_pending()
    trail = list(mongo["audit"].find({"subject_id": document["id"]}).sort("_id", 1))
    who = {ann.person.user_id: "Ann", bob.person.user_id: "Bob"}
    assert [(entry["action"], who[entry["actor"]]) for entry in trail] == [
        ("imports.uploaded", "Ann"),
        ("imports.validating", "Ann"),
        ("imports.landing", "Ann"),
        ("imports.landed", "Ann"),
        ("imports.reverting", "Bob"),
        ("imports.reverted", "Bob"),
    ]
    assert {entry["subject_type"] for entry in trail} == {"import"}
    assert trail[0]["after"]["file_name"] == "sales.csv"
    assert trail[0]["after"]["sha256"] == hashlib.sha256(CSV).hexdigest()
    assert (trail[3]["after"]["inserted"], trail[5]["after"]["deleted"]) == (1, 1)
    # What the worker did stands under the request that asked for it.
    asked = [answer.headers["X-Request-ID"] for answer in (confirmed, taken_back)]
    assert [entry["request_id"] for entry in trail[2:]] == [asked[0], asked[0], asked[1], asked[1]]


def test_the_audit_trail_tells_who_threw_an_import_away_and_nothing_of_a_refused_file(ann: Any, mongo: Db) -> None:
    document = upload(ann).json
    ann.delete(f"/api/v1/imports/{document['id']}")
    upload(ann, b"%PDF-1.4", "a.csv")
    trail = list(mongo["audit"].find({"subject_type": "import"}).sort("_id", 1))
    assert [(entry["action"], entry["subject_id"]) for entry in trail] == [
        ("imports.uploaded", document["id"]),
        ("imports.discarded", document["id"]),
    ]
    assert {entry["actor"] for entry in trail} == {ann.person.user_id}


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_who_may_not_import_is_told_so(as_role: Callable[[str], Any], known: None, role: str) -> None:
    assert upload(as_role(role)).status_code == 403


def test_an_analyst_imports_sales_but_no_customers(as_role: Callable[[str], Any], known: None) -> None:
    analyst = as_role("analyst")
    assert upload(analyst).status_code == 201
    assert upload(analyst, b"code,name\nX,Y\n", "c.csv", kind="customers").status_code == 403


def test_discarding_forgets_the_file(ann: Any) -> None:
    document = upload(ann).json
    assert ann.delete(f"/api/v1/imports/{document['id']}").json["status"] == "discarded"
    assert core_mongo.database()["uploads.files"].count_documents({}) == 0
    assert upload(ann).status_code == 201


def test_every_state_has_a_page(ann: Any) -> None:
    assert "Nothing imported yet" in ann.get("/imports").text
    assert "Upload and continue" in ann.get("/imports/new").text
    document = upload(ann).json
    page = f"/imports/{document['id']}"
    assert "Which column is what?" in ann.get(page).text
    ann.put(f"/api/v1/imports/{document['id']}/mapping", json={"columns": document["mapping"]})
    assert "Land 1 rows" in ann.get(page).text
    assert "Unknown; create it first" in ann.get(page).text
    ann.post(f"/api/v1/imports/{document['id']}/confirm", json={})
    assert 'data-module="progress"' in ann.get(page).text
    run_pending()
    assert "Take back" in ann.get(page).text
    assert "sales.csv" in ann.get("/imports").text
    ann.post(f"/api/v1/imports/{document['id']}/revert", json={})
    run_pending()
    assert "Taken back" in ann.get(page).text


def test_the_pages_work_without_scripts(ann: Any) -> None:
    answer = ann.post("/imports/new", data={"kind": "sales", "file": (io.BytesIO(CSV), "sales.csv")}, content_type=FORM)
    assert answer.status_code == 302
    page = answer.headers["Location"]
    import_id = page.rsplit("/", 1)[1]
    document = ann.get(f"/api/v1/imports/{import_id}").json
    columns = {f"column.{name}": str(index) for name, index in document["mapping"].items()}
    assert ann.post(f"{page}/mapping", data={**columns, "column.units": ""}).status_code == 422
    assert ann.post(f"{page}/mapping", data=columns).status_code == 302
    assert ann.post(f"{page}/confirm").status_code == 302
    run_pending()
    assert ann.get(f"/api/v1/imports/{import_id}").json["status"] == "landed"
    again = ann.post("/imports/new", data={"kind": "sales", "file": (io.BytesIO(CSV), "x.csv")}, content_type=FORM)
    assert "uploaded before" in ann.get(again.headers["Location"]).text


@pytest.mark.parametrize("kind", ["sales", "customers", "products"])
def test_the_example_file_can_be_imported_as_it_is(ann: Any, kind: str) -> None:
    content = ann.get(f"/imports/template/{kind}.csv").data
    document = upload(ann, content, f"{kind}.csv", kind=kind).json
    options = {"unknown_customers": "create", "unknown_products": "create"}
    checked = ann.put(f"/api/v1/imports/{document['id']}/mapping", json={"columns": document["mapping"], "options": options}).json
    assert checked["status"] == "validated", checked
    assert checked["counts"]["errors"] == 0
    assert checked["counts"]["rows"] == 2


def test_many_row_errors_come_in_pages_in_the_order_of_rows(ann: Any) -> None:
    rows = b"".join(b"S9,Z,2024-01-01,1,2\n" for _ in range(60))
    document = upload(ann, b"store,sku,week,units,net revenue\nS1,A,2024-01-01,1,2\n" + rows).json
    address = f"/api/v1/imports/{document['id']}"
    ann.put(f"{address}/mapping", json={"columns": document["mapping"]})
    seen, cursor = [], ""
    while cursor is not None:
        page = ann.get(f"{address}/errors?limit=50&cursor={cursor}" if cursor else f"{address}/errors?limit=50").json
        seen += [one["row"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [row for row in range(3, 63) for _column in ("store", "sku")]
    first = ann.get(f"/imports/{document['id']}").text
    assert "More errors" in first
    assert ann.get(f"/imports/{document['id']}?cursor={page_cursor(first)}").status_code == 200


def page_cursor(html: str) -> str:
    """The cursor of the link to more errors."""
    return html.split('href="?cursor=')[1].split("#")[0]
