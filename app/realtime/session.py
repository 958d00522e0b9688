"""One connected client from welcome to goodbye: signs in, subscribes, catches up."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from redis.exceptions import RedisError
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from app.access.permissions import TABLE
from app.access.tickets import Redeemed
from app.core.errors import TradeError, Unauthenticated
from app.core.logging import get_logger
from app.realtime import protocol, rules
from app.realtime.feed import SECURITY, Feed
from app.realtime.hub import Hub, Sent, Socket
from app.realtime.protocol import Close
from app.realtime.rules import Allowance, StreamId, write_id

Redeem = Callable[[str], Redeemed]
_AWAY = (RedisError, OSError)
_STRIKES = 3
_TICKET_SLACK_SECONDS = 0.25  # between reading the person and issuing the ticket

log = get_logger(__name__)


class Session:
    """Talks with one client. `redeem` turns a ticket into whom it belongs to; it may block and runs in a thread."""

    def __init__(self, connection: ServerConnection, hub: Hub, feed: Feed, redeem: Redeem) -> None:
        moment = time.monotonic()
        self.socket = Socket(connection, opened=moment, heard=moment)
        self._hub, self._feed, self._redeem = hub, feed, redeem
        self._allowance = Allowance(protocol.MESSAGES_PER_SECOND, protocol.MESSAGES_BURST, protocol.MESSAGES_BURST, moment)
        self._strikes = 0
        self._answers: dict[str, Callable[[dict[str, Any]], Awaitable[None]]] = {
            "ping": self._ping,
            "sign_in": self._sign_in,
            "subscribe": self._subscribe,
            "unsubscribe": self._unsubscribe,
        }

    async def run(self) -> None:
        """Until the client leaves or is closed."""
        self._hub.add(self.socket)
        try:
            self._say(protocol.welcome(write_id(self._hub.newest)))
            if self._hub.degraded:
                self._say(protocol.degraded())
            async for text in self.socket.connection:
                await self._hear(text)
        except ConnectionClosed:
            pass
        finally:
            self._hub.remove(self.socket)
            # Probes come and go every few seconds and are not worth a line.
            worth_a_line = self.socket.principal is not None or self.socket.closing
            (log.info if worth_a_line else log.debug)(
                "socket closed",
                user_id=self.socket.principal.user_id if self.socket.principal else None,
                code=self.socket.connection.close_code,
                reason=self.socket.connection.close_reason,
                seconds=round(time.monotonic() - self.socket.opened, 1),
            )

    async def _hear(self, text: str | bytes) -> None:
        self.socket.heard = time.monotonic()
        if self.socket.closing:
            return
        if not self._allowance.take(self.socket.heard):
            self._hub.drop(self.socket, Close.TOO_MANY, "too many messages")
            return
        message = protocol.read(text)
        if message is None:
            self._strike("not_a_message", 'Send JSON objects with a "type", such as {"type":"ping"}.', Close.NOT_A_MESSAGE)
            return
        answer = self._answers.get(message["type"])
        if answer is None:
            self._refuse("unknown_type", f"There is no message of that type. Known: {', '.join(self._answers)}.")
            return
        await answer(message)

    async def _ping(self, message: dict[str, Any]) -> None:
        extra = {"id": message["id"]} if isinstance(message.get("id"), str | int) else {}
        self._say(protocol.write("pong", server_time=protocol.iso(protocol.now()), **extra))

    async def _sign_in(self, message: dict[str, Any]) -> None:
        ticket = message.get("ticket")
        if not isinstance(ticket, str) or not ticket or len(ticket) > 512:
            self._refuse("bad_request", "sign_in needs a ticket from POST /api/v1/realtime/ticket.")
            return
        if self.socket.principal is not None:
            self._refuse("already_signed_in", "This socket is signed in. Open another one for another person.")
            return
        try:
            redeemed = await asyncio.to_thread(self._redeem, ticket)
        except Unauthenticated as error:
            self._strike("sign_in_failed", error.detail, Close.SIGN_IN_ENDED)
            return
        except (*_AWAY, TradeError) as error:
            log.warning("ticket could not be checked", error=str(error))
            self._refuse("unavailable", "Signing in is not possible right now. Try again in a few seconds with a new ticket.")
            return
        person, session_id = redeemed.principal, redeemed.session_id
        if self._ended_since(redeemed.issued_at, person.user_id, session_id):
            self._hub.drop(self.socket, Close.SIGN_IN_ENDED, "sign-in ended")
            return
        if len(self._hub.of_person(person.user_id)) >= protocol.MAX_SOCKETS_PER_PERSON:
            self._hub.drop(self.socket, Close.TOO_MANY, "too many connections")
            return
        self.socket.principal, self.socket.session_id = person, session_id
        self.socket.signed_in_at = time.monotonic()
        self._say(protocol.write("signed_in", user_id=person.user_id, name=person.name, role=person.role.value))

    def _ended_since(self, issued_at: float, user_id: str, session_id: str) -> bool:
        """Whether the sign-in ended after its ticket was issued: a ticket tells what was true then."""
        position = (int((issued_at - _TICKET_SLACK_SECONDS) * 1000), 0)
        news = [json.loads(event.text) for event in self._hub.kept_after(position) if event.topic == SECURITY]
        return any(rules.ends_sign_in(item["event"], item["data"], user_id, session_id) for item in news)

    async def _subscribe(self, message: dict[str, Any]) -> None:
        topics, since = message.get("topics"), message.get("since")
        if not isinstance(topics, list) or not all(rules.well_formed(topic) for topic in topics):
            self._refuse("bad_request", "subscribe needs a list of topics, such as promotions or imports/imp_....")
            return
        position = rules.parse_id(since)
        if since is not None and position is None:
            self._refuse("bad_request", "since is the id of the last event you have seen, such as 1772442000000-0.")
            return
        refused = [{"topic": topic, "reason": reason} for topic in topics if (reason := await self._objection(topic))]
        objected = {entry["topic"] for entry in refused}
        fresh = list(dict.fromkeys(topic for topic in topics if topic not in objected and topic not in self.socket.topics))
        if len(self.socket.topics) + len(fresh) > protocol.MAX_TOPICS:
            self._refuse("too_many_topics", f"A socket holds at most {protocol.MAX_TOPICS} topics.")
            return
        if self.socket.closing:
            return
        if position is not None:
            await self._feed.primed.wait()
        # From here to the first await nothing can be published: what is newer than `until` is held, what is older is history.
        until = self._hub.newest
        if position is not None:
            self.socket.held = []
        self._hub.subscribe(self.socket, fresh)
        held = sorted(self.socket.topics)
        self._say(protocol.write("subscribed", topics=held, refused=refused, resume_from=write_id(until)))
        if position is not None:
            await self._catch_up(set(fresh), position, until)

    async def _objection(self, topic: str) -> str:
        """Why this socket may not hear `topic`; empty when it may."""
        person = self.socket.principal
        if person is None:
            return "Sign in first."
        if rules.is_own(topic, person.user_id):
            return ""
        permissions = TABLE[person.role]
        job_id = rules.job_of(topic)
        if job_id is None:
            needed = rules.permission_for(topic)
            if needed is None:
                return "There is no such topic."
            return "" if needed in permissions else f"Your role does not include {needed.value}."
        try:
            facts = await self._feed.job_facts(job_id)
        except _AWAY:
            return "It cannot be checked right now. Try again in a few seconds."
        if facts is None or not rules.may_watch_job(person.user_id, permissions, *facts):
            return "There is no such job, or it is not yours."
        return ""

    async def _catch_up(self, topics: set[str], since: StreamId, until: StreamId) -> None:
        """Send what happened on `topics` after `since`, then what was held meanwhile, then go live."""
        try:
            recent = self._hub.since(since)
            if recent is not None:
                await self._send(event for event in recent if event.topic in topics)
            elif rules.missed_something(since, await self._feed.kept()):
                reason = "Events after that are no longer kept. Load the page's data again."
                await self._send_text(protocol.write("resync", topics=sorted(topics), resume_from=write_id(until), reason=reason))
            else:
                async for event in self._feed.history(since, until):
                    if event.topic in topics:
                        await self._send_text(event.text)
            await self._send_text(protocol.write("caught_up", topics=sorted(topics), resume_from=write_id(until)))
            while self.socket.held:
                waiting, self.socket.held = self.socket.held, []
                await self._send(waiting)
            self.socket.held = None
        except _AWAY as error:
            log.warning("a client could not catch up", error=str(error))
            self._hub.drop(self.socket, Close.RESTART, "events cannot be read right now")

    async def _unsubscribe(self, message: dict[str, Any]) -> None:
        topics = message.get("topics")
        if not isinstance(topics, list) or not all(rules.well_formed(topic) for topic in topics):
            self._refuse("bad_request", "unsubscribe needs a list of topics.")
            return
        known = [topic for topic in topics if topic in self.socket.topics]
        self._hub.unsubscribe(self.socket, known)
        self._say(protocol.write("unsubscribed", topics=known))

    async def _send(self, events: Any) -> None:
        for event in events:
            await self._send_text(event.text if isinstance(event, Sent) else event)

    async def _send_text(self, text: str) -> None:
        """Waits while the client is slow: catching up goes at the client's speed."""
        await self.socket.connection.send(text)

    def _say(self, text: str) -> None:
        self._hub.send_all([self.socket], text)

    def _refuse(self, code: str, reason: str) -> None:
        self._say(protocol.error(code, reason))

    def _strike(self, code: str, reason: str, close: Close) -> None:
        """A refusal that may happen twice; the third time the socket closes."""
        self._strikes += 1
        self._refuse(code, reason)
        if self._strikes >= _STRIKES:
            self._hub.drop(self.socket, close, code.replace("_", " "))


async def name_request(request_id: str | None) -> None:
    """Bind nginx's request id to this socket's log lines."""
    structlog.contextvars.clear_contextvars()
    if request_id:
        structlog.contextvars.bind_contextvars(request_id=request_id)
