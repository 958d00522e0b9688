"""The AI service when its training dies: the model that served goes on serving, and the next training works."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from tests.appliance import Appliance, wait_until

BACK_SECONDS, TRAINED_SECONDS = 120, 600
CHAIN, PRODUCT = "DOM", "TROP-PREM-64"  # of the demonstration; other tests may have left customers without sales


@pytest.fixture
def service(appliance: Appliance) -> Iterator[httpx.Client]:
    """The AI service by its port on this machine, with a model that serves and no training at work."""
    with httpx.Client(base_url=appliance.local("AI_PORT"), timeout=60) as client:
        wait_until(lambda: not _health(client).get("training"), TRAINED_SECONDS, "a training does not end")
        if _health(client).get("model") is None:
            client.post("/v1/train", json={"source": "pos"}).raise_for_status()
            wait_until(lambda: _health(client).get("model"), TRAINED_SECONDS, "no model was trained")
        yield client
        wait_until(lambda: _health(client).get("status") == "ok", BACK_SECONDS, "the AI service did not come back")


def _health(client: httpx.Client) -> dict[str, Any]:
    try:
        return dict(client.get("/health").json())
    except (httpx.HTTPError, ValueError):
        return {}


def _simulated(client: httpx.Client, appliance: Appliance) -> dict[str, Any]:
    """A simulation of the demo's chain; {} while the service does not answer."""
    with appliance.signed_in() as signed_in:
        chain = next(row["id"] for row in signed_in.get("/api/v1/customers?limit=500").json()["items"] if row["code"] == CHAIN)
        product = next(row["id"] for row in signed_in.get("/api/v1/products?limit=500").json()["items"] if row["sku"] == PRODUCT)
    try:
        models = client.get("/v1/models").json()["models"]
        newest = date.fromisoformat(next(one for one in models if one["current"])["window"]["to"])
        start = newest - timedelta(days=newest.weekday()) + timedelta(weeks=2)
        asked = {"customer_ids": [chain], "product_ids": [product], "start": start.isoformat(),
                 "end": (start + timedelta(days=13)).isoformat(), "cut": 0.2, "deal": 1.0}  # fmt: skip
        answer = client.post("/v1/simulate", json=asked)
    except (httpx.HTTPError, ValueError, StopIteration):
        return {}
    return dict(answer.json()) if answer.status_code == 200 else {}


def _kill_in_the_middle_of_a_training(appliance: Appliance, service: httpx.Client) -> str:
    """The id of the training; the service is back afterwards."""
    job = service.post("/v1/train", json={"source": "pos"}).json()["job"]
    assert job["status"] == "running"
    # In its middle: sales are read and something is being fitted, nothing is stored yet.
    wait_until(
        lambda: service.get(f"/v1/train/{job['id']}").json()["job"]["progress"] > 0.05, TRAINED_SECONDS, "it does not move"
    )
    killed = service.get(f"/v1/train/{job['id']}").json()["job"]
    assert killed["status"] == "running", "the training was over before it could be killed"
    container = f"{appliance.project}-ai-1"
    appliance.run("docker", "kill", "--signal", "KILL", container)
    wait_until(lambda: _health(service).get("status") == "ok", BACK_SECONDS, "the supervisor did not bring the AI service back")
    return str(job["id"])


def test_killing_the_service_in_the_middle_of_a_training_leaves_the_old_model_serving(
    appliance: Appliance, service: httpx.Client
) -> None:
    before = _simulated(service, appliance)
    assert before["baseline_units"] > 0
    job = _kill_in_the_middle_of_a_training(appliance, service)
    after = wait_until(lambda: _simulated(service, appliance), BACK_SECONDS, "no simulation is answered")
    assert after["model"]["id"] == before["model"]["id"]
    assert after["baseline_units"] == before["baseline_units"]
    told = service.get(f"/v1/train/{job}").json()["job"]
    assert told["status"] == "failed"
    assert told["error"]


@pytest.mark.long
def test_the_training_after_one_that_was_killed_works_and_its_model_serves(appliance: Appliance, service: httpx.Client) -> None:
    before = _simulated(service, appliance)
    job = _kill_in_the_middle_of_a_training(appliance, service)
    again = service.post("/v1/train", json={"source": "pos"}).json()["job"]
    assert again["id"] != job
    wait_until(lambda: service.get(f"/v1/train/{again['id']}").json()["job"]["status"] != "running", TRAINED_SECONDS, "it hangs")
    done = service.get(f"/v1/train/{again['id']}").json()["job"]
    assert done["status"] == "done", done["error"]
    after = wait_until(lambda: _simulated(service, appliance), BACK_SECONDS, "no simulation is answered")
    assert after["model"]["id"] == done["model"] != before["model"]["id"]
