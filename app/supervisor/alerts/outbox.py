"""Messages on their way: claimed one by one, sent by a few hands at once, tried again with pauses, and failing in sight.

Whatever is stored is sent at least once. A process that dies between sending and noting it sends again under the same id, which
receivers can tell (deduplication key, Message-ID).
"""

import secrets
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.clock import Clock
from app.core.logging import get_logger
from app.supervisor.alerts.channels.channel import Channel, NotSent
from app.supervisor.alerts.grouping import Kind, Message
from app.supervisor.alerts.store import AlertStore, message_from, message_step

HANDS = 4
ATTEMPTS = 40  # an hour and a quarter
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=2)
_LONGEST_WISH = timedelta(hours=1)  # a receiver's Retry-After is honoured up to here
_TRIED_ONCE = frozenset({Kind.TEST})
_NOTE = "UPDATE messages SET state = ?, due_at = ?, done_at = ?, error = ? WHERE id = ?"
_DUE = (
    "SELECT id, channel FROM messages m WHERE state = 'waiting' AND due_at <= ? AND NOT EXISTS"
    " (SELECT 1 FROM messages e WHERE e.grp = m.grp AND e.channel = m.channel AND e.rowid < m.rowid"
    " AND e.state IN ('waiting', 'sending')) ORDER BY rowid LIMIT 200"
)
_COLUMNS = "body, state, attempts, due_at, done_at, error"

log = get_logger(__name__)


@dataclass(frozen=True)
class Delivery:
    """Where a message stands: waiting, sending, sent or failed. `error` is what came of the last attempt."""

    message: Message
    state: str
    attempts: int
    due_at: datetime
    done_at: datetime | None
    error: str


Sent = Callable[[Delivery], None]


class Outbox:
    """Sends what the store holds. `channels` gives those in force, by name."""

    def __init__(
        self,
        store: AlertStore,
        channels: Callable[[], Mapping[str, Channel]],
        clock: Clock,
        listener: Sent = lambda _delivery: None,
        first_pause: timedelta = _FIRST_PAUSE,
    ) -> None:
        self._store, self._channels, self._clock, self._listener = store, channels, clock, listener
        self._first_pause = first_pause
        self._token = secrets.token_hex(8)
        self._busy: set[str] = set()  # channels that somebody is sending on: one message at a time each, in order
        self._unstored: dict[str, tuple[datetime, Message]] = {}  # with when they are due; the state file did not take them
        self._unnoted: dict[str, tuple[object, ...]] = {}  # what came of messages, for the same reason
        self._lock, self._woken = threading.Lock(), threading.Event()
        self._settled = threading.Condition()
        self.sent: dict[tuple[str, bool], int] = {}  # by channel and whether it got through, since this process began
        # One process owns the file; what an earlier one had in hand is taken up again.
        self._store.write(("UPDATE messages SET state = 'waiting' WHERE state = 'sending' AND claim != ?", [(self._token,)]))

    def put_unstored(self, messages: list[Message]) -> None:
        """Messages that the state file did not take: they are sent all the same."""
        due = self._clock.now()
        with self._lock:
            self._unstored |= {message.id: (due, message) for message in messages}

    def put(self, message: Message) -> None:
        """Store one message and send it."""
        if not self._store.write(message_step([message])):
            self.put_unstored([message])
        self.wake()

    def wake(self) -> None:
        self._woken.set()

    def run(self, stopping: threading.Event, pause: float = 1.0) -> None:
        """Send until `stopping`."""
        with ThreadPoolExecutor(HANDS, thread_name_prefix="outbox") as hands:
            while not stopping.is_set():
                try:
                    for work in self.due():
                        hands.submit(work)
                except Exception:
                    log.exception("the outbox stumbled and goes on")
                self._woken.wait(pause)
                self._woken.clear()

    def due(self) -> list[Callable[[], None]]:
        """The sends whose time has come, at most one a channel, the oldest first. Each must be run."""
        self._store_again()
        with self._lock:
            now, found = self._clock.now(), list[Callable[[], None]]()
            in_memory = {*self._unstored, *self._unnoted}
            candidates = [(message.id, message.channel) for due, message in self._unstored.values() if due <= now]
            stored = self._store.read(_DUE, (now.isoformat(),))
            candidates += [(message_id, channel) for message_id, channel in stored if message_id not in in_memory]
            for message_id, channel in candidates:
                if channel in self._busy or len(self._busy) >= HANDS:
                    continue
                self._busy.add(channel)
                found.append(lambda message_id=message_id, channel=channel: self._work(message_id, channel))  # type: ignore[misc]
            return found

    def deliveries(self, where: str = "1", values: tuple[object, ...] = (), count: int = 50) -> list[Delivery]:
        """Messages, the newest first; `where` is a condition of ours."""
        query = f"SELECT {_COLUMNS} FROM messages WHERE {where} ORDER BY rowid DESC LIMIT ?"  # noqa: S608 - no outside text
        return [_delivery(row) for row in self._store.read(query, (*values, count))]

    def delivery(self, message_id: str) -> Delivery | None:
        return next(iter(self.deliveries("id = ?", (message_id,), 1)), None)

    def wait_for(self, message_id: str, seconds: float) -> Delivery | None:
        """Where the message stands once it has been tried, or after `seconds`."""
        with self._settled:
            self._settled.wait_for(lambda: self._is_done(message_id), seconds)
        return self.delivery(message_id)

    def last(self, channel: str) -> Delivery | None:
        """The channel's newest message that was tried."""
        return next(iter(self.deliveries("channel = ? AND attempts > 0", (channel,), 1)), None)

    def waiting(self) -> int:
        rows = self._store.read("SELECT count(*) FROM messages WHERE state IN ('waiting', 'sending')")
        return int(rows[0][0]) + len(self._unstored) if rows else len(self._unstored)

    def try_again(self, message_id: str) -> bool:
        """Give a failed message another round; False when there is no such one."""
        failed = self.deliveries("id = ? AND state = 'failed'", (message_id,), 1)
        reset = "UPDATE messages SET state = 'waiting', attempts = 0, due_at = ? WHERE id = ? AND state = 'failed'"
        done = bool(failed) and self._store.write((reset, [(self._clock.now().isoformat(), message_id)]))
        self.wake()
        return done

    def _work(self, message_id: str, channel: str) -> None:
        try:
            message = self._claim(message_id)
            if message is not None:
                self._send(message)
        except Exception:
            log.exception("a message could not be handled", message_id=message_id)
        finally:
            with self._lock:
                self._busy.discard(channel)
            with self._settled:
                self._settled.notify_all()
            self.wake()

    def _claim(self, message_id: str) -> Message | None:
        """The message if it is ours to send now."""
        with self._lock:
            unstored = self._unstored.pop(message_id, None)
        if unstored is not None:
            return unstored[1]
        claim = f"{self._token}-{secrets.token_hex(4)}"
        take = "UPDATE messages SET state = 'sending', claim = ?, attempts = attempts + 1 WHERE id = ? AND state = 'waiting'"
        # A state file that takes nothing must not keep the message back: then only this process knows that it is in hand.
        ours = claim if self._store.write((take, [(claim, message_id)])) else ""
        rows = self._store.read("SELECT body FROM messages WHERE id = ? AND claim = ?", (message_id, ours))
        return message_from(rows[0][0]) if rows else None

    def _send(self, message: Message) -> None:
        error = self._attempt(message)
        self._count(message.channel, error is None)
        known = self.delivery(message.id)
        attempts = known.attempts if known else 1
        now = self._clock.now()
        state, due = "sent", now
        if error is not None:
            given_up = error.permanent or message.kind in _TRIED_ONCE or attempts >= ATTEMPTS
            state, due = ("failed" if given_up else "waiting"), now + self._pause(attempts, error.retry_after)
            log.warning(
                "a message did not get through", channel=message.channel, attempt=attempts, given_up=given_up, error=str(error)
            )
        done = now if state != "waiting" else None
        row = (state, due.isoformat(), done.isoformat() if done else None, str(error or ""), message.id)
        if known is None or not self._store.write((_NOTE, [row])):
            with self._lock:
                if done is None:
                    self._unstored[message.id] = due, message
                else:
                    self._unnoted[message.id] = row
        outcome = Delivery(message, state, attempts, due, done, str(error or ""))
        self._listener(outcome)

    def _attempt(self, message: Message) -> NotSent | None:
        channel = self._channels().get(message.channel)
        if channel is None:
            return NotSent("the settings have no such channel any more", permanent=True)
        try:
            channel.send(message)
        except NotSent as error:
            return error
        except Exception as error:
            log.exception("a channel broke", channel=message.channel)
            return NotSent(f"the channel itself failed: {type(error).__name__}")
        return None

    def _pause(self, attempts: int, wished: float | None) -> timedelta:
        if wished is not None:
            return min(timedelta(seconds=max(wished, 0)), _LONGEST_WISH)
        return min(self._first_pause * 2 ** min(attempts - 1, 20), _LONGEST_PAUSE)

    def _count(self, channel: str, ok: bool) -> None:
        with self._lock:
            self.sent[channel, ok] = self.sent.get((channel, ok), 0) + 1

    def _is_done(self, message_id: str) -> bool:
        known = self.delivery(message_id)
        return known is not None and known.done_at is not None

    def _store_again(self) -> None:
        with self._lock:
            messages, notes = [message for _due, message in self._unstored.values()], dict(self._unnoted)
        if not messages and not notes:
            return
        statement, rows = message_step(messages)
        again = statement.replace("OR IGNORE ", "") + " ON CONFLICT (id) DO UPDATE SET state = 'waiting', claim = ''"
        if self._store.write((again, rows), (_NOTE, notes.values())):
            with self._lock:
                for message in messages:
                    self._unstored.pop(message.id, None)
                for message_id in notes:
                    self._unnoted.pop(message_id, None)


def _delivery(row: tuple[str, str, int, str, str | None, str]) -> Delivery:
    body, state, attempts, due_at, done_at, error = row
    done = datetime.fromisoformat(done_at) if done_at else None
    return Delivery(message_from(body), state, attempts, datetime.fromisoformat(due_at), done, error)
