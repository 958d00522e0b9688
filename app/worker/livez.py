"""The worker's own health: a tiny HTTP answer for the container's health check and for Prometheus."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from app import __version__
from app.core.jobs import OPEN, QUEUE
from app.core.logging import get_logger
from app.core.redis import client
from app.worker.beats import Beats

SILENT_SECONDS = 60.0
log = get_logger(__name__)


def serve(port: int, beats: Beats, names: list[str]) -> ThreadingHTTPServer:
    """Answer `/livez`, `/health` and `/metrics` on `port` from a thread of this process; returns the running server."""

    def report() -> tuple[int, str, str]:
        silent = [name for name, age in zip(names, beats.ages(), strict=True) if age > SILENT_SECONDS]
        body = {"status": "down" if silent else "ok", "service": "worker", "version": __version__, "silent": silent}
        return (503 if silent else 200), "application/json", json.dumps(body)

    def metrics() -> tuple[int, str, str]:
        lines = ["# HELP tradeai_worker_silent_seconds Seconds since each process of the worker last showed that it lives."]
        lines.append("# TYPE tradeai_worker_silent_seconds gauge")
        lines += [
            f'tradeai_worker_silent_seconds{{process="{name}"}} {age:.1f}' for name, age in zip(names, beats.ages(), strict=True)
        ]
        counts = {"open": client().scard(OPEN), "waiting": client().llen(f"rq:queue:{QUEUE}")}
        lines.append("# HELP tradeai_jobs Jobs that have not ended (open), and those of them in the queue (waiting).")
        lines.append("# TYPE tradeai_jobs gauge")
        lines += [f'tradeai_jobs{{state="{state}"}} {count}' for state, count in counts.items()]
        return 200, "text/plain; version=0.0.4", "\n".join(lines) + "\n"

    server = ThreadingHTTPServer(("", port), _handler({"/livez": report, "/health": report, "/metrics": metrics}))
    threading.Thread(target=server.serve_forever, name="livez", daemon=True).start()
    return server


def _handler(answers: dict[str, Callable[[], tuple[int, str, str]]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path)
            try:
                status, kind, body = answer() if answer else (404, "text/plain", "There is only /livez, /health and /metrics.\n")
            except Exception as error:  # noqa: BLE001 - the edge: a metric that cannot be had is an answer too
                log.warning("an answer about the worker cannot be had", path=self.path, error=str(error)[:300])
                status, kind, body = 503, "text/plain", f"{type(error).__name__}\n"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Health checks are not worth a line."""

    return Handler
