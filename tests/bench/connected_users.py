"""1,000 connected people, one request each three seconds for a minute, reading and writing; and 1,000 open WebSockets."""

import asyncio
import json
import random
import subprocess
import time
from typing import Any

import aiohttp

from tests.appliance import Appliance
from tests.bench.result import Result, mean, percentile

PEOPLE, SECONDS, PAUSE = 1000, 60, 3.0
READS = (
    "/api/v1/customers?sort=name&limit=50",
    "/api/v1/products?sort=name&limit=50",
    "/api/v1/promotions?limit=50",
    "/api/v1/customers?sort=-code&limit=20",
)
WRITE_SHARE = 0.05
_MARK = " *"


def measure(appliance: Appliance) -> list[Result]:
    """Latency and errors as 1,000 people at their browsers see them: each with a TLS connection of its own, through nginx."""
    with appliance.signed_in() as client:
        token = client.headers["Authorization"]
        nodes = [
            f"/api/v1/{kind}/{row['id']}"
            for kind in ("products", "customers")
            for row in client.get(f"/api/v1/{kind}?limit=20").json()["items"]
        ]
    times, errors = asyncio.run(_load(_door(appliance), token, nodes))
    return [
        Result("1,000 people for 60 s: errors", len(errors), "errors", 0, note="; ".join(sorted(set(errors))[:3])),
        Result("1,000 people for 60 s: mean", mean(times), "ms", 50, note=f"{len(times)} requests"),
        Result("1,000 people for 60 s: p99", percentile(times, 0.99), "ms", 200),
    ]


def _door(appliance: Appliance) -> str:
    """nginx at an address of the machine itself: behind 127.0.0.1 Docker's own proxy would be measured too."""
    addresses = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()
    return f"https://{addresses[0]}:{appliance.env['HTTPS_PORT']}"


async def _load(base: str, token: str, nodes: list[str]) -> tuple[list[float], list[str]]:
    times: list[float] = []
    errors: list[str] = []
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=75, ssl=False)
    async with aiohttp.ClientSession(
        base, connector=connector, headers={"Authorization": token, "Accept-Encoding": "gzip"}, auto_decompress=False
    ) as session:
        until = time.monotonic() + SECONDS
        people = [_person(session, number, until, nodes, times, errors) for number in range(PEOPLE)]
        await asyncio.gather(*people)
    return times, errors


async def _person(
    session: aiohttp.ClientSession, number: int, until: float, nodes: list[str], times: list[float], errors: list[str]
) -> None:
    choice = random.Random(number)
    await asyncio.sleep(choice.uniform(0, PAUSE))
    while time.monotonic() < until:
        started = time.perf_counter()
        try:
            if choice.random() < WRITE_SHARE:
                await _write(session, choice.choice(nodes))
            else:
                async with session.get(choice.choice(READS)) as answer:
                    await answer.read()
                    if answer.status != 200:
                        errors.append(f"{answer.status} on a read")
        except (aiohttp.ClientError, TimeoutError) as error:
            errors.append(str(error) or type(error).__name__)
        times.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(max(0.0, PAUSE - (time.perf_counter() - started)))


async def _write(session: aiohttp.ClientSession, path: str) -> None:
    """Rename it, or back again; losing against another's change (409) is a correct answer, not an error."""
    async with session.get(path) as answer:
        if answer.status != 200:
            raise aiohttp.ClientError(f"{answer.status} before a write")
        node: dict[str, Any] = await answer.json()
    name = node["name"].removesuffix(_MARK) if node["name"].endswith(_MARK) else node["name"] + _MARK
    body = {"name": name, "version": node["version"]}
    async with session.patch(path, data=json.dumps(body), headers={"Content-Type": "application/json"}) as answer:
        await answer.read()
        if answer.status not in (200, 409):
            raise aiohttp.ClientError(f"{answer.status} on a write")
