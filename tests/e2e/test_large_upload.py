"""The largest file that may come in goes through nginx, the backend and the worker, and nothing is restarted for it."""

import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.appliance import Appliance, wait_until

LIMIT = 50 * 1024 * 1024
HEADERS = ("Store", "Item", "Week starting", "Units sold", "Net sales", "Price", "Remark")
PASSED = ("nginx", "backend", "worker", "mongodb")
REMARK = "as exported by the till with the words that such exports carry"


@pytest.fixture
def door(appliance: Appliance) -> Iterator[httpx.Client]:
    """The administrator, at the public door; storing 50 MB takes longer than a page."""
    with appliance.signed_in() as client:
        client.timeout = httpx.Timeout(120)
        yield client


@pytest.mark.long
def test_a_file_of_50_megabytes_is_checked_to_its_last_row(appliance: Appliance, door: httpx.Client, tmp_path: Path) -> None:
    file = tmp_path / "till.csv"
    rows = _write_sales(file, door, LIMIT)
    before = {service: _state(appliance, service) for service in PASSED}
    with file.open("rb") as content:
        answer = door.post("/api/v1/imports", files={"file": (file.name, content)}, data={"kind": "sales"})
    assert answer.status_code == 201, answer.text
    address = f"/api/v1/imports/{answer.json()['id']}"
    try:
        begun = door.put(f"{address}/mapping", json={"columns": answer.json()["mapping"]})
        assert begun.json()["status"] == "validating", begun.text
        job = f"/api/v1/jobs/{begun.json()['job_id']}"
        wait_until(lambda: door.get(job).json()["state"] not in {"queued", "running"}, 800, lambda: door.get(job).text)
        # A job whose process was killed for its memory is tried again.
        assert (door.get(job).json()["state"], door.get(job).json()["tries"]) == ("finished", 1)
        checked = door.get(address).json()
        assert checked["status"] == "validated", checked.get("failure")
        assert (checked["counts"]["rows"], checked["counts"]["errors"]) == (rows, 0)
    finally:
        door.delete(address)
    assert {service: _state(appliance, service) for service in PASSED} == before


def test_one_byte_more_is_refused_in_words(door: httpx.Client) -> None:
    content = b"store,sku,week,units,net revenue\n".ljust(LIMIT + 1, b"\n")
    before = door.get("/api/v1/imports?limit=1").json()["items"]
    answer = door.post("/api/v1/imports", files={"file": ("till.csv", io.BytesIO(content))}, data={"kind": "sales"})
    assert answer.status_code == 413
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json()["detail"] == "The file is larger than 50 MB. Split it and import the parts."
    assert door.get("/api/v1/imports?limit=1").json()["items"] == before


def test_what_no_envelope_explains_is_refused_by_nginx(appliance: Appliance, door: httpx.Client) -> None:
    answer = door.post("/api/v1/imports", files={"file": ("till.csv", io.BytesIO(b"\n" * (LIMIT + 2**20)))})
    assert answer.status_code == 413
    assert "50 MB" in answer.json()["detail"]


def _plain(codes: Iterable[str]) -> list[str]:
    """Those of the demonstration; other tests leave some that no till would write."""
    return [code for code in codes if re.fullmatch("[A-Z0-9-]+", code)]


def _write_sales(path: Path, door: httpx.Client, size: int) -> int:
    """Sales of the demonstration's stores and SKUs, week after week, until the file has `size` bytes; gives the rows."""
    stores = _plain(one["code"] for one in door.get("/api/v1/customers?level=store&limit=500").json()["items"])
    skus = _plain(one["sku"] for one in door.get("/api/v1/products?level=sku&limit=500").json()["items"])
    assert len(stores) * len(skus) > 500, "the demonstration is not loaded"
    told = f"{uuid4().hex} {REMARK}"  # another content each time: the same file is not taken in twice
    written, rows = 0, 0
    with path.open("w", newline="", encoding="ascii") as file:
        written += file.write(",".join(HEADERS) + "\n")
        for week, store, sku in _cells(stores, skus):
            line = f"{store},{sku},{week},12,30.00,2.50,{told}"
            left = size - written - len(line) - 1
            last = left < 2 * len(line)
            written, rows = written + file.write(line + ("x" * left if last else "") + "\n"), rows + 1
            if last:
                break
    assert path.stat().st_size == size
    return rows


def _cells(stores: list[str], skus: list[str]) -> Iterator[tuple[date, str, str]]:
    """Every store and SKU, week after week, for as long as somebody asks."""
    for week in itertools.count():
        for store, sku in itertools.product(stores, skus):
            yield date(2001, 1, 1) + timedelta(weeks=week), store, sku


def _state(appliance: Appliance, service: str) -> dict[str, Any]:
    """When the container's process began, how often it was restarted, and whether anything in it was killed for its memory."""
    (found,) = json.loads(appliance.run("docker", "inspect", f"{appliance.project}-{service}-1").stdout)
    return {"StartedAt": found["State"]["StartedAt"], "OOMKilled": found["State"]["OOMKilled"], "restarts": found["RestartCount"]}
