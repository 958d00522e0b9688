"""What-if under load: 50 people drag sliders at once as long as a model is being trained."""

import asyncio
import itertools
import json
import time
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx

from tests.appliance import Appliance, wait_until
from tests.bench.result import Result, percentile

PEOPLE = 50
_CHAIN, _PRODUCT = "DOM", "TROP-PREM-64"  # of the demonstration; other tests may have left customers without sales
_TRAINING_SECONDS = 600


def measure(appliance: Appliance) -> list[Result]:
    """p50 and p95 of a simulation, straight at the AI service and through the backend, each with a training at work."""
    service = appliance.local("AI_PORT")
    with appliance.signed_in() as client:
        token = str(client.headers["Authorization"])
        chain = next(row["id"] for row in client.get("/api/v1/customers?limit=500").json()["items"] if row["code"] == _CHAIN)
        product = next(row["id"] for row in client.get("/api/v1/products?limit=500").json()["items"] if row["sku"] == _PRODUCT)
    model = next(one for one in httpx.get(f"{service}/v1/models", timeout=30).json()["models"] if one["current"])
    start = date.fromisoformat(model["window"]["to"]) + timedelta(weeks=2)
    start -= timedelta(days=start.weekday())
    places = {"customer_ids": [chain], "product_ids": [product], "start": start.isoformat()}
    asked = [
        {**places, "end": (start + timedelta(days=13)).isoformat(), "cut": share / 100, "deal": 1.0} for share in range(5, 45)
    ]
    dragged = [
        {"customer_id": chain, "product_ids": [product], "start": start.isoformat(), "discount": f"0.{share:02d}"}
        for share in range(5, 45)
    ]
    found = []
    for name, address, bodies, headers in (
        ("50 simulations at once while a model is trained, AI service", f"{service}/v1/simulate", asked, {}),
        ("the same through the backend", appliance.local("BACKEND_PORT") + "/api/v1/planning/simulate", dragged,
         {"Authorization": token}),
    ):  # fmt: skip
        httpx.post(address, json=bodies[0], headers=headers, timeout=120).raise_for_status()  # what is measured is no start
        _train(service)
        began = time.monotonic()
        times, errors = asyncio.run(_drag(address, bodies, headers, service))
        note = f"p50 {percentile(times, 0.5):.0f} ms, {len(times)} answers in the {time.monotonic() - began:.0f} s of a training"
        found.append(Result(f"{name}, p95", percentile(times, 0.95), "ms", 200, note=note))
        found.append(Result(f"{name}: errors", len(errors), "errors", 0, note="; ".join(sorted(set(errors))[:3])))
    return found


def _train(service: str) -> None:
    """A training that has begun; one that already ran would end too early, so it is waited out."""
    wait_until(lambda: not _training(service), _TRAINING_SECONDS, "a training does not end")
    httpx.post(f"{service}/v1/train", json={"source": "pos"}, timeout=30).raise_for_status()
    wait_until(lambda: _training(service), 30, "no training began")


def _training(service: str) -> bool:
    return bool(httpx.get(f"{service}/health", timeout=30).json()["training"])


async def _drag(
    address: str, bodies: list[dict[str, Any]], headers: dict[str, str], service: str
) -> tuple[list[float], list[str]]:
    """Milliseconds of every answer until the training is over, and what went wrong."""
    times: list[float] = []
    errors: list[str] = []
    url = urlsplit(address)
    wire = [_request(url.netloc, url.path, body, headers) for body in bodies]
    over = asyncio.Event()
    people = [_person(url, itertools.islice(itertools.cycle(wire), n, None), over, times, errors) for n in range(PEOPLE)]
    await asyncio.gather(_until_trained(service, over), *people)
    return times, errors


async def _until_trained(service: str, over: asyncio.Event) -> None:
    until = time.monotonic() + _TRAINING_SECONDS
    while time.monotonic() < until and await asyncio.to_thread(_training, service):
        await asyncio.sleep(1)
    over.set()


def _request(host: str, path: str, body: dict[str, Any], headers: dict[str, str]) -> bytes:
    content = json.dumps(body).encode()
    lines = {"Host": host, "Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + content


async def _person(
    url: SplitResult, requests: Iterable[bytes], over: asyncio.Event, times: list[float], errors: list[str]
) -> None:
    """On one connection, over bare streams: a whole client would take a third of the processor that is measured."""
    try:
        reading, writing = await asyncio.open_connection(url.hostname, url.port)
        for request in requests:
            if over.is_set():
                break
            started = time.perf_counter()
            writing.write(request)
            head = (await reading.readuntil(b"\r\n\r\n")).decode().lower()
            body = await reading.readexactly(int(head.split("content-length:")[1].split()[0]))
            times.append((time.perf_counter() - started) * 1000)
            if " 200 " not in head.splitlines()[0]:
                errors.append(f"{head.splitlines()[0]}: {body[:200].decode(errors='replace')}")
        writing.close()
    except (OSError, asyncio.IncompleteReadError, IndexError) as error:
        errors.append(str(error) or type(error).__name__)
