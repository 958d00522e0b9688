"""What-if under load: 50 people drag sliders at once while a model is being trained."""

import asyncio
import itertools
import time
from datetime import date, timedelta
from typing import Any

import aiohttp
import httpx

from tests.appliance import Appliance, wait_until
from tests.bench.result import Result, percentile

PEOPLE, QUESTIONS = 50, 20
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
        _train(service)
        times, errors = asyncio.run(_drag(address, bodies, headers))
        still = _training(service)
        note = (
            f"p50 {percentile(times, 0.5):.0f} ms, {len(times)} answers, training {'still ran' if still else 'ended meanwhile'}"
        )
        found.append(Result(f"{name}, p95", percentile(times, 0.95), "ms", 200, note=note))
        found.append(Result(f"{name}: errors", len(errors), "errors", 0, note="; ".join(sorted(set(errors))[:3])))
        wait_until(lambda: not _training(service), _TRAINING_SECONDS, "the training does not end")
    return found


def _train(service: str) -> None:
    """A training that has begun; one that already ran would end too early, so it is waited out."""
    wait_until(lambda: not _training(service), _TRAINING_SECONDS, "a training does not end")
    httpx.post(f"{service}/v1/train", json={"source": "pos"}, timeout=30).raise_for_status()
    wait_until(lambda: _training(service), 30, "no training began")


def _training(service: str) -> bool:
    return bool(httpx.get(f"{service}/health", timeout=30).json()["training"])


async def _drag(address: str, bodies: list[dict[str, Any]], headers: dict[str, str]) -> tuple[list[float], list[str]]:
    """Milliseconds of every answer after one that warms up, and what went wrong."""
    times: list[float] = []
    errors: list[str] = []
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:
        async with session.post(address, json=bodies[0]) as answer:
            await answer.read()
        people = [_person(session, address, itertools.islice(itertools.cycle(bodies), n, n + QUESTIONS), times, errors)
                  for n in range(PEOPLE)]  # fmt: skip
        await asyncio.gather(*people)
    return times, errors


async def _person(session: aiohttp.ClientSession, address: str, bodies: Any, times: list[float], errors: list[str]) -> None:
    for body in bodies:
        started = time.perf_counter()
        try:
            async with session.post(address, json=body) as answer:
                text = await answer.text()
                if answer.status != 200:
                    errors.append(f"status {answer.status}: {text[:200]}")
        except (aiohttp.ClientError, TimeoutError) as error:
            errors.append(str(error) or type(error).__name__)
        times.append((time.perf_counter() - started) * 1000)
