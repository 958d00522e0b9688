"""The hub: which socket hears which topic, the newest events in memory, and the fan-out of each new one."""

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice

from websockets.asyncio.server import ServerConnection, broadcast

from app.access.models import Principal
from app.core.logging import get_logger
from app.realtime import protocol
from app.realtime.protocol import Close
from app.realtime.rules import START, StreamId

RECENT = 10_000

log = get_logger(__name__)


@dataclass(frozen=True)
class Sent:
    """An event ready for the wire."""

    id: StreamId
    topic: str
    text: str


@dataclass(eq=False)
class Socket:
    """One connected client. While `held` is a list it is catching up: live events wait there in order."""

    connection: ServerConnection
    opened: float
    heard: float
    principal: Principal | None = None
    session_id: str = ""
    signed_in_at: float = 0.0
    topics: set[str] = field(default_factory=set)
    held: list[Sent] | None = None
    closing: bool = False


class Hub:
    """All sockets of this process. Everything here runs on the event loop between two awaits, so it needs no locks."""

    def __init__(self, close: Callable[[Socket, Close, str], None]) -> None:
        self._close = close
        self.sockets: set[Socket] = set()
        self._listeners: dict[str, set[Socket]] = defaultdict(set)
        self.recent: deque[Sent] = deque(maxlen=RECENT)
        self.newest: StreamId = START
        self.degraded = False
        self.delivered = 0
        self.published = 0
        self.dropped: dict[str, int] = defaultdict(int)

    def add(self, socket: Socket) -> None:
        """A socket connected."""
        self.sockets.add(socket)

    def remove(self, socket: Socket) -> None:
        """A socket is gone."""
        self.sockets.discard(socket)
        self.unsubscribe(socket, socket.topics.copy())

    def subscribe(self, socket: Socket, topics: Iterable[str]) -> None:
        """From the next event on, `socket` hears `topics`."""
        for topic in topics:
            socket.topics.add(topic)
            self._listeners[topic].add(socket)

    def unsubscribe(self, socket: Socket, topics: Iterable[str]) -> None:
        """`socket` no longer hears `topics`."""
        for topic in topics:
            socket.topics.discard(topic)
            if listeners := self._listeners.get(topic):
                listeners.discard(socket)
                if not listeners:
                    del self._listeners[topic]

    def remember(self, event: Sent) -> None:
        """Keep an event that nobody here waits for live, for resumes."""
        self.recent.append(event)
        self.newest = event.id

    def publish(self, event: Sent) -> None:
        """Keep the event and send it to everyone who listens."""
        self.remember(event)
        self.published += 1
        live = []
        for socket in self._listeners.get(event.topic, ()):
            if socket.held is None:
                live.append(socket)
            else:
                socket.held.append(event)
                if len(socket.held) > RECENT:
                    self.drop(socket, Close.TOO_SLOW, "too slow: the outbox is full")
        self.send_all(live, event.text)
        self.delivered += len(live)

    def send_all(self, sockets: Iterable[Socket], text: str) -> None:
        """Write `text` to each socket without waiting; drop those that have too much waiting already."""
        targets = [socket for socket in sockets if not socket.closing]
        broadcast([socket.connection for socket in targets], text)
        for socket in targets:
            if socket.connection.transport.get_write_buffer_size() > protocol.OUTBOX_BYTES:
                self.drop(socket, Close.TOO_SLOW, "too slow: the outbox is full")

    def drop(self, socket: Socket, code: Close, reason: str) -> None:
        """Close a socket with a reason the client can act on."""
        if not socket.closing:
            socket.closing = True
            self.dropped[code.name.lower()] += 1
            self._close(socket, code, reason)

    def since(self, position: StreamId) -> list[Sent] | None:
        """The events after `position` from memory, oldest first; None when memory does not reach back that far."""
        if position == self.newest:
            return []
        if not self.recent or position < self.recent[0].id or position > self.newest:
            return None
        return self.kept_after(position)

    def kept_after(self, position: StreamId) -> list[Sent]:
        """The events in memory that are newer than `position`, however far memory reaches."""
        return list(islice(self.recent, bisect_right(self.recent, position, key=lambda event: event.id), None))

    def of_person(self, user_id: str) -> list[Socket]:
        """The open sockets of one person."""
        return [socket for socket in self.sockets if socket.principal is not None and socket.principal.user_id == user_id]
