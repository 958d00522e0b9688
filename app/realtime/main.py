"""The realtime server's process: admission, the answers over plain HTTP, sweeping, and an orderly end."""

import asyncio
import contextlib
import http
import json
import logging
import signal
import time
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from app import __version__
from app.core.logging import configure_logging, get_logger
from app.core.settings import Settings, settings
from app.realtime import protocol, rules
from app.realtime.feed import Feed, connect
from app.realtime.hub import Hub, Socket
from app.realtime.protocol import Close
from app.realtime.session import Redeem, Session, name_request

SWEEP_SECONDS = 5.0
_CLOSE_SECONDS = 5.0

log = get_logger(__name__)


class RealtimeServer:
    """Hub, feed and sockets of this process."""

    def __init__(self, config: Settings, redeem: Redeem) -> None:
        self._config = config
        self._redeem = redeem
        self._origins = frozenset(filter(None, (origin.strip() for origin in config.realtime_origins.split(","))))
        self._closing: set[asyncio.Task[None]] = set()
        self.hub = Hub(self._close)
        self.feed = Feed(self.hub, connect(config), self._on_security)
        self._registry = CollectorRegistry()
        self._registry.register(_Figures(self.hub))

    async def run(self, host: str, port: int, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then tell every client to come back."""
        async with serve(
            self._talk,
            host,
            port,
            process_request=self._admit,
            compression=None,
            server_header=None,
            max_size=protocol.MAX_MESSAGE_BYTES,
            max_queue=16,
            open_timeout=10,
            close_timeout=_CLOSE_SECONDS,
            ping_interval=protocol.HEARTBEAT_SECONDS,
            ping_timeout=protocol.HEARTBEAT_SECONDS,
            backlog=1024,
        ) as server:
            tasks = [asyncio.create_task(self.feed.run()), asyncio.create_task(self._sweep())]
            log.info("realtime server listens", port=port)
            await stop.wait()
            log.info("realtime server stops", sockets=len(self.hub.sockets))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            server.close(code=Close.RESTART, reason="server restarts")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), _CLOSE_SECONDS + 2)

    async def _talk(self, connection: ServerConnection) -> None:
        request = connection.request
        await name_request(request.headers.get("X-Request-ID") if request else None)
        try:
            await Session(connection, self.hub, self.feed, self._redeem).run()
        except Exception:  # the edge of one socket: its fault must not reach the others
            log.exception("socket failed")
            await connection.close(1011, "internal error")

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        path = request.path.partition("?")[0]
        if path in {"/health", "/livez"}:
            return _answer(connection, 200, json.dumps(self._health()), "application/json")
        if path == "/metrics":
            return _answer(connection, 200, generate_latest(self._registry).decode(), "text/plain; version=0.0.4")
        if path != "/ws":
            return _answer(connection, 404, "The WebSocket is at /ws.\n")
        host = request.headers.get("Host")
        if not rules.origin_allowed(request.headers.get("Origin"), host, self._origins):
            log.warning("socket refused, its page is of another host", origin=request.headers.get("Origin"), host=host)
            return _answer(connection, 403, "Pages of other hosts may not connect.\n")
        if len(self.hub.sockets) >= self._config.realtime_sockets:
            return _answer(connection, 503, "All connections are in use. Try again in a minute.\n")
        return None

    def _health(self) -> dict[str, Any]:
        return {
            "status": "degraded" if self.hub.degraded else "ok",
            "service": "realtime",
            "version": __version__,
            "sockets": len(self.hub.sockets),
            "signed_in": sum(socket.principal is not None for socket in self.hub.sockets),
            "newest": rules.write_id(self.hub.newest),
        }

    def _on_security(self, kind: str, data: dict[str, Any]) -> None:
        """Someone's access ended or changed: their sockets close now."""
        for socket in self.hub.of_person(str(data.get("user_id"))):
            if rules.ends_sign_in(kind, data, str(data.get("user_id")), socket.session_id):
                self.hub.drop(socket, Close.SIGN_IN_ENDED, "sign-in ended")

    async def _sweep(self) -> None:
        """Close sockets that never signed in and say nothing, and sign-ins older than half a day."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            moment = time.monotonic()
            for socket in list(self.hub.sockets):
                if socket.principal is None and moment - socket.heard > protocol.ANONYMOUS_SILENCE_SECONDS:
                    self.hub.drop(socket, Close.SILENT, "silent too long")
                elif socket.principal is not None and moment - socket.signed_in_at > protocol.SIGNED_IN_SECONDS:
                    self.hub.drop(socket, Close.SIGN_IN_ENDED, "sign-in ended")

    def _close(self, socket: Socket, code: Close, reason: str) -> None:
        task = asyncio.create_task(_say_goodbye(socket.connection, code, reason))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _say_goodbye(connection: ServerConnection, code: Close, reason: str) -> None:
    """Close with a reason; a client that does not read it in time is cut off."""
    try:
        await asyncio.wait_for(connection.close(code, reason), _CLOSE_SECONDS + 1)
    except TimeoutError:
        connection.transport.abort()


def _answer(connection: ServerConnection, status: int, body: str, kind: str = "text/plain; charset=utf-8") -> Response:
    response = connection.respond(http.HTTPStatus(status), body)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = kind
    return response


class _Figures:
    """What /metrics tells, read from the hub when asked."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def collect(self) -> Any:
        hub = self._hub
        yield GaugeMetricFamily("tradeai_realtime_sockets", "Open sockets.", len(hub.sockets))
        yield GaugeMetricFamily("tradeai_realtime_degraded", "1 while the event stream does not answer.", int(hub.degraded))
        yield CounterMetricFamily("tradeai_realtime_events", "Events read from the stream.", hub.published)
        yield CounterMetricFamily("tradeai_realtime_deliveries", "Events written to sockets.", hub.delivered)
        drops = CounterMetricFamily("tradeai_realtime_drops", "Sockets closed by the server, by reason.", labels=["reason"])
        for reason, count in hub.dropped.items():
            drops.add_metric([reason], count)
        yield drops


async def run(config: Settings, redeem: Redeem, host: str = "", port: int = 8765) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await RealtimeServer(config, redeem).run(host, port, stop)


def main() -> None:
    """`python -m app.realtime`."""
    from app.access.tickets import redeem

    config = settings()
    configure_logging(config)
    # The library logs every scanner that hangs up in the handshake with a traceback; sessions log their own failures.
    logging.getLogger("websockets").setLevel(logging.CRITICAL)
    asyncio.run(run(config, redeem, port=config.realtime_port))
