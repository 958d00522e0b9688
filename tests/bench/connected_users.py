"""1,000 connected people, one request each three seconds for a minute, reading and writing; and 1,000 open WebSockets."""

import asyncio
import gzip
import json
import os
import random
import ssl
import subprocess
import time
from typing import Any

from tests.appliance import Appliance
from tests.bench.machine import processor_seconds
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
_CONNECT_AT_ONCE = 50
_GZIP = b"\x1f\x8b"


def measure(appliance: Appliance) -> list[Result]:
    """Latency and errors as 1,000 people at their browsers see them: each with a TLS connection of its own, through nginx."""
    with appliance.signed_in() as client:
        token = client.headers["Authorization"]
        nodes = [
            f"/api/v1/{kind}/{row['id']}"
            for kind in ("products", "customers")
            for row in client.get(f"/api/v1/{kind}?limit=20").json()["items"]
        ]
    before = processor_seconds(appliance)
    times, errors = asyncio.run(_load(*_door(appliance), token, nodes))
    after = processor_seconds(appliance)
    restarted = [name for name, seconds in after.items() if seconds < before.get(name, 0)]
    spent = {name: seconds - before.get(name, 0) for name, seconds in after.items() if name not in restarted}
    shares = sorted(((1000 * seconds / len(times), name) for name, seconds in spent.items()), reverse=True)
    return [
        Result("1,000 people for 60 s: errors", len(errors), "errors", 0, note="; ".join(sorted(set(errors))[:3])),
        Result("1,000 people for 60 s: mean", mean(times), "ms", 50, note=f"{len(times)} requests"),
        Result("1,000 people for 60 s: p99", percentile(times, 0.99), "ms", 200),
        Result(
            "1,000 people for 60 s: processor time a request", sum(share for share, _ in shares), "ms",
            note=f"{', '.join(f'{name} {share:.2f}' for share, name in shares[:6])}; load average {os.getloadavg()[0]:.1f}"
            + (f"; NOT COUNTED, restarted meanwhile: {', '.join(restarted)}" if restarted else ""),
        ),
    ]  # fmt: skip


def _door(appliance: Appliance) -> tuple[str, int]:
    """nginx at an address of the machine itself: behind 127.0.0.1 Docker's own proxy would be measured too."""
    addresses = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()
    return addresses[0], int(appliance.env["HTTPS_PORT"])


class _Connection:
    """One person's TLS connection, kept open. Only what is needed of HTTP: a client library took as much processor as nginx."""

    def __init__(self, host: str, port: int, token: str, trust: ssl.SSLContext) -> None:
        self._host, self._port, self._trust = host, port, trust
        self._head = f"Host: {host}:{port}\r\nAuthorization: {token}\r\nAccept-Encoding: gzip\r\n"

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(self._host, self._port, ssl=self._trust)

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """(status, body as sent: compressed where the server compressed it)."""
        extra = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{self._head}{extra}\r\n".encode() + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        length = head.find(b"\r\ncontent-length:")
        if length >= 0:
            return status, await self._reader.readexactly(int(head[length + 17 : head.index(b"\r", length + 2)]))
        return status, await self._chunks()

    async def _chunks(self) -> bytes:
        parts = []
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            parts.append((await self._reader.readexactly(size + 2))[:-2])
        await self._reader.readexactly(2)
        return b"".join(parts)

    def close(self) -> None:
        self._writer.close()


async def _load(host: str, port: int, token: str, nodes: list[str]) -> tuple[list[float], list[str]]:
    """Everybody connects first; then the minute begins."""
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    people = [_Connection(host, port, token, trust) for _ in range(PEOPLE)]
    for start in range(0, PEOPLE, _CONNECT_AT_ONCE):
        await asyncio.gather(*(person.open() for person in people[start : start + _CONNECT_AT_ONCE]))
    times: list[float] = []
    errors: list[str] = []
    until = time.monotonic() + SECONDS
    await asyncio.gather(*(_person(person, number, until, nodes, times, errors) for number, person in enumerate(people)))
    for person in people:
        person.close()
    return times, errors


async def _person(
    connection: _Connection, number: int, until: float, nodes: list[str], times: list[float], errors: list[str]
) -> None:
    choice = random.Random(number)
    await asyncio.sleep(choice.uniform(0, PAUSE))
    while time.monotonic() < until:
        started = time.perf_counter()
        try:
            if choice.random() < WRITE_SHARE:
                await _write(connection, choice.choice(nodes))
            else:
                status, _ = await connection.ask("GET", choice.choice(READS))
                if status != 200:
                    errors.append(f"{status} on a read")
        except (OSError, EOFError, ValueError) as error:
            errors.append(str(error) or type(error).__name__)
            await connection.open()
        times.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(max(0.0, PAUSE - (time.perf_counter() - started)))


async def _write(connection: _Connection, path: str) -> None:
    """Rename it, or back again; losing against another's change (409) is a correct answer, not an error."""
    status, body = await connection.ask("GET", path)
    if status != 200:
        raise ValueError(f"{status} before a write")
    node: dict[str, Any] = json.loads(gzip.decompress(body) if body[:2] == _GZIP else body)
    name = node["name"].removesuffix(_MARK) if node["name"].endswith(_MARK) else node["name"] + _MARK
    status, _ = await connection.ask("PATCH", path, json.dumps({"name": name, "version": node["version"]}).encode())
    if status not in (200, 409):
        raise ValueError(f"{status} on a write")
