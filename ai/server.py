"""gunicorn's threaded worker for the AI service, with one thread for simulations (docs/decisions/0270).

Threads that calculate at the same time fight over the interpreter: a simulation through four of them cost twice its own work. So
simulations go one after the other, in a thread that keeps their connections as long as nothing else is asked on them; long
calculations keep threads of their own, so that none holds up a health check.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from select import EPOLLIN, epoll
from selectors import EVENT_READ

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, PollableMethodQueue, TConn, ThreadWorker

_AT_ONCE = socket.MSG_PEEK | socket.MSG_DONTWAIT
_READ_BYTES = 65_536
_SEND_SECONDS = 5.0
_LOOK_SECONDS = 1.0
_AT_A_TIME = 4  # few, because the kernel keeps the connections in turn: all that are ready at once would let some wait twice

# Bytes that came and the other side's address: how many were the request (0: more has to come), and the answer; None: the long
# way.
Answer = Callable[[bytes, str], tuple[int, bytes] | None]


class Worker(ThreadWorker):
    """Looks at how a request begins before it chooses who answers it."""

    def load_wsgi(self) -> None:
        super().load_wsgi()
        from ai import before_parsing  # gunicorn loads this module in its parent, which serves nothing

        parts = self.wsgi.extensions["ai"]
        parts.serving.keep_ready("pos")
        self._begins = before_parsing.BEGINS
        self._line = Line(self, lambda data, peer: before_parsing.answer(parts, data, peer, self.log.line))
        self._line.start()

    def enqueue_req(self, conn: TConn) -> None:
        """Gives the connection's next request to who answers it; one on which nothing came yet waits without a thread."""
        try:
            begins = b"" if _read_ahead(conn) else conn.sock.recv(len(self._begins), _AT_ONCE)
        except BlockingIOError:
            self._wait_for_request(conn)
            return
        except OSError:
            begins = b""  # gone already; the thread finds out, and closes it
        if begins == self._begins and self.alive:
            self._line.take(conn)
        else:
            super().enqueue_req(conn)

    def take_back(self, conn: TConn, unread: bytes) -> None:
        """A connection that the line is done with, and what it read but did not answer."""
        if unread:
            conn.init()
            conn.parser.unreader.unread(unread)
            super().enqueue_req(conn)
        else:
            self._wait_for_request(conn)

    def drop(self, conn: TConn) -> None:
        """A connection on which nothing can follow."""
        self.nr_conns -= 1
        conn.close()

    def _wait_for_request(self, conn: TConn) -> None:
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + (self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self.on_pending_socket_readable, conn))


def _read_ahead(conn: TConn) -> bool:
    """Whether bytes of the next request were read with the one before; the socket does not show them any more."""
    return conn.parser is not None and bool(conn.parser.unreader.buf.getvalue())


class Line(threading.Thread):
    """Answers simulations in the order they come. A connection that wants anything else, or nothing for long, goes back."""

    def __init__(self, worker: Worker, answer: Answer) -> None:
        super().__init__(name="simulations", daemon=True)
        self._worker, self._answer = worker, answer
        self._inbox, self._ready = PollableMethodQueue(), epoll()
        self._inbox.init()
        self._ready.register(self._inbox.fileno(), EPOLLIN)
        self._connections: dict[int, TConn] = {}
        self._held: dict[TConn, bytes] = {}  # with what came of its next request

    def take(self, conn: TConn) -> None:
        """From the worker's thread: `conn` is this line's until it is given back."""
        self._inbox.defer(self._begin, conn)

    def run(self) -> None:
        look = time.monotonic()
        while True:
            for number, _events in self._ready.poll(_LOOK_SECONDS, _AT_A_TIME):
                self._turn(number)
            if time.monotonic() >= look:
                look = time.monotonic() + _LOOK_SECONDS
                self._look_after()

    def _turn(self, number: int) -> None:
        """Of one connection, or of the inbox. Whatever fails ends the connection it came on, and never the line."""
        conn = self._connections.get(number)
        if conn is None:
            self._inbox.run_callbacks(number)
            return
        try:
            self._next(conn)
        except Exception:
            self._worker.log.exception("a simulation failed where nobody foresaw it; its connection is closed")
            self._let_go(conn, self._worker.drop)

    def _look_after(self) -> None:
        """What was silent for too long, and everything once the worker ends, waits with the worker, which closes it."""
        moment = time.monotonic()
        for conn in [conn for conn in self._held if conn.timeout < moment or not self._worker.alive]:
            self._let_go(conn, self._worker.take_back, self._held[conn])

    def _begin(self, conn: TConn) -> None:
        conn.sock.settimeout(_SEND_SECONDS)
        conn.set_timeout()
        self._held[conn], self._connections[conn.sock.fileno()] = b"", conn
        self._ready.register(conn.sock, EPOLLIN)

    def _next(self, conn: TConn) -> None:
        """Answers what came, or gives the connection back with it; one that broke is dropped."""
        try:
            came = conn.sock.recv(_READ_BYTES)
            self._held[conn] += came
            understood = bool(came) and self._answered(conn)
        except OSError:  # also an answer that the other side does not take: half of it may be sent
            self._let_go(conn, self._worker.drop)
            return
        if not understood:
            self._let_go(conn, self._worker.take_back, self._held[conn])

    def _answered(self, conn: TConn) -> bool:
        """False when the worker has to read what is left. Raises OSError."""
        while data := self._held[conn]:
            found = self._answer(data, conn.client[0])
            if found is None:
                return False
            length, answer = found
            if not length:
                return True
            self._held[conn] = data[length:]
            conn.sock.sendall(answer)
            self._worker.nr += 1
            conn.set_timeout()
        return True

    def _let_go(self, conn: TConn, to: Callable[..., None], *unread: bytes) -> None:
        self._ready.unregister(conn.sock)
        del self._connections[conn.sock.fileno()], self._held[conn]
        self._worker.method_queue.defer(to, conn, *unread)
