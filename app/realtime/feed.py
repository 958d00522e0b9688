"""The one reader of the event stream: hands each new event to the hub, outlives Redis, and answers what was missed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from app.core.events import STREAM
from app.core.jobs import key as job_key
from app.core.logging import get_logger
from app.core.settings import Settings
from app.realtime import protocol
from app.realtime.hub import RECENT, Hub, Sent
from app.realtime.protocol import Close
from app.realtime.rules import START, Kept, StreamId, missed_something, parse_id, write_id

SECURITY = "security"
_BLOCK_MILLISECONDS = 5000
_BATCH = 500
_RETRY_SECONDS = 0.5

log = get_logger(__name__)


def connect(config: Settings) -> Any:
    """An asyncio client; its time limit leaves room for the blocking read."""
    return redis.asyncio.Redis(
        host=config.redis_host,
        port=config.redis_port,
        db=config.redis_database,
        password=config.secret("redis_password").get_secret_value(),
        decode_responses=True,
        socket_timeout=_BLOCK_MILLISECONDS / 1000 + 5,
        socket_connect_timeout=2,
        health_check_interval=15,
        client_name="tradeai-realtime",
    )


class Feed:
    """Reads the stream and publishes to `hub`. `on_security` gets the type and data of each security event."""

    def __init__(self, hub: Hub, client: Any, on_security: Callable[[str, dict[str, Any]], None]) -> None:
        self._hub = hub
        self._redis = client
        self._on_security = on_security
        self.primed = asyncio.Event()

    async def run(self) -> None:
        """Read until cancelled; whatever happens to Redis, the sockets stay."""
        while True:
            try:
                await self._resume()
                while await self._read_batch(None) == _BATCH:
                    pass
                self._recover()
                while True:
                    await self._read_batch(_BLOCK_MILLISECONDS)
            except (RedisError, OSError) as error:
                self._degrade(error)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _resume(self) -> None:
        """At the start, load the newest events; after an outage, make sure that nothing fell out of the stream meanwhile."""
        kept, newest = await self._look()
        if not self.primed.is_set():
            entries = await self._redis.xrevrange(STREAM, count=RECENT // 5)
            for entry_id, fields in reversed(entries):
                self._hub.remember(_sent(entry_id, fields))
            self._hub.newest = max(self._hub.newest, newest)
            self.primed.set()
        elif self._hub.degraded and self._hub.newest != START and missed_something(self._hub.newest, kept):
            log.error("events were lost while Redis was away, every socket starts again", newest=write_id(self._hub.newest))
            self._hub.recent.clear()
            self._hub.newest = newest
            for socket in list(self._hub.sockets):
                self._hub.drop(socket, Close.RESTART, "events were lost; load again")

    async def _read_batch(self, block: int | None) -> int:
        """Publish what is new, waiting up to `block` milliseconds for it; returns how many events it were."""
        answer = await self._redis.xread({STREAM: write_id(self._hub.newest)}, block=block, count=_BATCH)
        entries = answer[0][1] if answer else ()
        for entry_id, fields in entries:
            self._take(entry_id, fields)
            await asyncio.sleep(0)  # between two events the sockets get their turn
        return len(entries)

    def _take(self, entry_id: str, fields: dict[str, str]) -> None:
        try:
            event = _sent(entry_id, fields)
        except (KeyError, ValueError) as error:
            log.error("an entry of the event stream is damaged and was left out", entry=entry_id, error=str(error))
            self._hub.newest = parse_id(entry_id) or self._hub.newest
            return
        self._hub.publish(event)
        if event.topic == SECURITY:
            self._on_security(fields["type"], json.loads(fields["data"]))

    async def history(self, since: StreamId, until: StreamId) -> AsyncIterator[Sent]:
        """The stream's events after `since` up to `until`, oldest first."""
        low, high = f"({write_id(since)}", write_id(until)
        while entries := await self._redis.xrange(STREAM, low, high, count=_BATCH):
            for entry_id, fields in entries:
                yield _sent(entry_id, fields)
            low = f"({entries[-1][0]}"

    async def kept(self) -> Kept:
        """What the stream still holds."""
        return (await self._look())[0]

    async def job_facts(self, job_id: str) -> tuple[str, str] | None:
        """Who started a job and its subject's topic; None when there is no such job."""
        who, topic = await self._redis.hmget(job_key(job_id), "who", "topic")
        return None if who is None else (who, topic or "")

    async def _look(self) -> tuple[Kept, StreamId]:
        if not await self._redis.exists(STREAM):
            return Kept(None, 0, 0), START
        facts = await self._redis.xinfo_stream(STREAM)
        first = facts["first-entry"]
        kept = Kept(parse_id(first[0]) if first else None, int(facts["length"]), int(facts["entries-added"]))
        return kept, parse_id(facts["last-generated-id"]) or START

    def _degrade(self, error: Exception) -> None:
        if not self._hub.degraded:
            self._hub.degraded = True
            log.error("the event stream does not answer; sockets stay open and catch up later", error=str(error))
            self._hub.send_all(list(self._hub.sockets), protocol.degraded())

    def _recover(self) -> None:
        if not self._hub.degraded:
            return
        self._hub.degraded = False
        log.info("the event stream answers again", newest=write_id(self._hub.newest))
        notice = protocol.write("recovered", resume_from=write_id(self._hub.newest))
        self._hub.send_all(list(self._hub.sockets), notice)


def _sent(entry_id: str, fields: dict[str, str]) -> Sent:
    """A stream entry ready for the wire; raises KeyError or ValueError when it is damaged."""
    position = parse_id(entry_id)
    if position is None:
        raise ValueError(entry_id)
    return Sent(position, fields["topic"], protocol.event(entry_id, fields))
