"""1,000 open WebSockets, each signed in, all receiving the same events: from the event's own moment to each socket's receipt."""

import asyncio
import json
import time
from datetime import datetime

import aiohttp
import httpx

from tests.appliance import Appliance
from tests.bench.result import Result, percentile

SOCKETS, A_PERSON, EVENTS = 1000, 20, 20

# Runs inside the backend container, which may make access tokens; people are made once and kept for further runs.
_MARK = " *"
_MAKE_PEOPLE = """
import json, secrets, sys
from app.access import tokens
from app.access.models import Principal, Role
from app.access.users import service
who, made = Principal.system("bench"), []
stamp = secrets.token_hex(4)
for number in range(int(sys.argv[1])):
    person = service.create(who, email=f"bench-{stamp}-{number}@example.com", name="Bench", role=Role.ACCOUNT_MANAGER,
                            password=secrets.token_urlsafe(24), must_change_password=False)
    made.append(tokens.access_token_for(person))
print("TOKENS " + json.dumps(made))
"""


def measure(appliance: Appliance) -> list[Result]:
    """p50 and p99 over all sockets and events, and how many of the expected messages came."""
    made = appliance.compose("exec", "-T", "backend", "python", "-c", _MAKE_PEOPLE, str(SOCKETS // A_PERSON)).stdout
    people = json.loads(made.split("TOKENS ")[1].splitlines()[0])
    delays = asyncio.run(_run(appliance, people))
    missing = SOCKETS * EVENTS - len(delays)
    return [
        Result(
            "1,000 WebSockets: event to receipt, p99",
            percentile(delays, 0.99),
            "ms",
            250,
            note=f"p50 {percentile(delays, 0.5):.0f} ms",
        ),
        Result("1,000 WebSockets: events not received", missing, "messages", 0),
    ]


async def _run(appliance: Appliance, people: list[str]) -> list[float]:
    base, backend = appliance.local("REALTIME_PORT"), appliance.local("BACKEND_PORT")
    delays: list[float] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        sockets = []
        for number in range(SOCKETS):
            sockets.append(await _open(session, base, backend, people[number // A_PERSON]))
        listeners = [asyncio.create_task(_listen(socket, delays)) for socket in sockets]
        await asyncio.to_thread(_change_products, appliance)
        await asyncio.wait(listeners, timeout=20)
        for task in listeners:
            task.cancel()
        for socket in sockets:
            await socket.close()
    return delays


async def _open(session: aiohttp.ClientSession, base: str, backend: str, token: str) -> aiohttp.ClientWebSocketResponse:
    async with session.post(f"{backend}/api/v1/realtime/ticket", headers={"Authorization": f"Bearer {token}"}) as answer:
        ticket = (await answer.json())["ticket"]
    socket = await session.ws_connect(f"{base}/ws")
    await _until(socket, "welcome")
    await socket.send_json({"type": "sign_in", "ticket": ticket})
    await _until(socket, "signed_in")
    await socket.send_json({"type": "subscribe", "topics": ["products"]})
    await _until(socket, "subscribed")
    return socket


async def _until(socket: aiohttp.ClientWebSocketResponse, kind: str) -> None:
    while (message := await socket.receive_json(timeout=20)).get("type") != kind:
        if message.get("type") == "error":
            raise RuntimeError(f"waiting for {kind}: {message}")


async def _listen(socket: aiohttp.ClientWebSocketResponse, delays: list[float]) -> None:
    for _ in range(EVENTS):
        message = await socket.receive()
        received = time.time()
        event = json.loads(message.data)
        if event["type"] == "event":
            delays.append((received - datetime.fromisoformat(event["at"]).timestamp()) * 1000)


def _change_products(appliance: Appliance) -> None:
    """EVENTS changes of a product (renamed, and back again), one each half second, as people would make them."""
    with appliance.signed_in() as client:
        client.base_url = httpx.URL(appliance.local("BACKEND_PORT"))
        product_id = client.get("/api/v1/products?limit=1").json()["items"][0]["id"]
        for _ in range(EVENTS):
            product = client.get(f"/api/v1/products/{product_id}").json()
            name = product["name"].removesuffix(_MARK) if product["name"].endswith(_MARK) else product["name"] + _MARK
            changed = {"name": name, "version": product["version"]}
            client.patch(f"/api/v1/products/{product_id}", json=changed).raise_for_status()
            time.sleep(0.5)
