"""gunicorn's gevent worker for the backend, with the short way before its parser (docs/decisions/0260).

gunicorn loads this in its parent, before gevent replaced anything: nothing of ours is imported before the worker has begun.
"""

import contextlib
import gc
import socket
import time
from typing import Any

import gevent
from gunicorn import util
from gunicorn.http import RequestParser
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.ggevent import GeventWorker

_READ_BYTES = 8192
_LOOK_SECONDS = 1.0


class Worker(GeventWorker):
    """Reads what comes on a connection, answers what can be answered at once, and gives gunicorn the rest."""

    def load_wsgi(self) -> None:
        super().load_wsgi()
        from app.web import before_parsing

        self._answer = before_parsing.answer
        # What was loaded stays: the collector need not walk it again and again.
        gc.collect()
        gc.freeze()
        self._silent: dict[Any, float] = {}  # connections on which nothing came yet, and until when that is allowed
        gevent.spawn(self._end_silent_ones)

    def _end_silent_ones(self) -> None:
        """One look a second instead of a timer for each request, which took a tenth of the time of a kept list."""
        while True:
            gevent.sleep(_LOOK_SECONDS)
            moment = time.monotonic()
            for client in [client for client, until in self._silent.items() if until < moment]:
                with contextlib.suppress(OSError):
                    client.shutdown(socket.SHUT_RD)  # ends the waiting in `_received`

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """One connection, until either side ends it. Plain HTTP/1.1 only: nginx is who asks."""
        req = None
        try:
            client.setblocking(1)
            parser = RequestParser(self.cfg, client, addr)
            name = listener.getsockname()
            while self._next_is_for_gunicorn(client, addr, parser):
                with self.timeout_ctx():
                    req = None
                    req = next(parser)
                if not req:
                    break
                req.proxy_protocol_info = {}
                self.handle_request(name, req, client, addr)
        except (StopIteration, NoMoreData) as end:
            self.log.debug("connection ends: %s", end)
        except (BrokenPipeError, ConnectionResetError) as error:
            self.log.debug("connection broke: %s", error)
        except OSError:
            self.log.exception("Socket error processing request.")
        except Exception as error:  # noqa: BLE001 - answered with 4xx or 500, and logged, by gunicorn
            self.handle_error(req, client, addr, error)
        finally:
            util.close(client)

    def _next_is_for_gunicorn(self, client: Any, addr: Any, parser: RequestParser) -> bool:
        """Answer requests until one comes that is not answered here: it is put back for the parser. False when none came."""
        if parser.mesg is not None and (parser.mesg.should_close() or not parser.finish_body()):
            return False
        while data := parser.unreader.take_buffered() or self._received(client):
            answer = self._answer(data, addr[0], self.log.line) if self.alive else None
            if answer is None:
                parser.unreader.unread(data)
                return True
            client.sendall(answer)
            self.nr += 1
        return False

    def _received(self, client: Any) -> bytes:
        """What comes next; nothing when the other side is gone or silent for too long."""
        until = self._silent[client] = time.monotonic() + self.cfg.keepalive
        try:
            return bytes(client.recv(_READ_BYTES))
        except OSError:
            if time.monotonic() < until:
                raise
            return b""
        finally:
            del self._silent[client]
