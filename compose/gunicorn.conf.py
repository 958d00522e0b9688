"""gunicorn for the backend (gevent, many waiting requests) and the AI service (threads, few long computations)."""

import contextlib
import json
import logging
import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gunicorn.glogging import Logger

_service = os.environ.get("TRADEAI_SERVICE", "backend")
_is_ai = _service == "ai"
_folder = Path(os.environ.get("TRADEAI_LOG_DIR", "/var/log/tradeai"))

bind = f"0.0.0.0:{8000 if _is_ai else 5000}"
workers = int(os.environ.get("TRADEAI_WEB_WORKERS", "1" if _is_ai else "2"))
worker_class = "ai.server.Worker" if _is_ai else "app.web.server.Worker"
threads = 4 if _is_ai else 1
worker_connections = 1000
timeout = 300 if _is_ai else 60
graceful_timeout = 6  # idle kept-alive connections would hold the worker for all of it; no request takes this long
keepalive = 75  # longer than nginx keeps an idle connection, so that nginx is always the one to close it
forwarded_allow_ips = "*"  # only nginx and this machine's loopback reach the port
worker_tmp_dir = "/tmp"  # noqa: S108 - a tmpfs of this container
control_socket_disable = True


class _Lines:
    """Lines added to a file that another process may rename (`turn`): looked for once a second, not at each line."""

    def __init__(self, path: Path) -> None:
        self._path, self._look_again = path, 0.0
        self._file: Any = None

    def add(self, line: str) -> None:
        moment = time.monotonic()
        if self._file is None or moment >= self._look_again:
            self._file, self._look_again = self._followed(), moment + 1
        self._file.write(f"{line}\n".encode())

    def _followed(self) -> Any:
        if self._file is not None:
            with contextlib.suppress(FileNotFoundError):
                if os.stat(self._path).st_ino == os.fstat(self._file.fileno()).st_ino:
                    return self._file
        return open(self._path, "ab", buffering=0)  # the one before closes when nobody writes to it any more


_access = _Lines(_folder / ("ai-access.log" if _is_ai else "access.log"))


class logger_class(Logger):
    """One JSON object a request: the path without its query string, no header but the request id.

    Written here because gunicorn first collects every header of the request and the answer for each line, which took an eighth
    of the processor time of a page, and logging asked the file system before each line whether its file is still the same.
    """

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        client = environ.get("HTTP_X_REAL_IP") or environ.get("REMOTE_ADDR", "")
        request_id = next((value for name, value in resp.headers if name.lower() == "x-request-id"), "")
        seconds = request_time.total_seconds()
        self.line(client, req.method, environ.get("PATH_INFO", ""), resp.status_code, resp.sent, seconds, request_id)

    def line(self, client: str, method: str, path: str, status: int, size: int, seconds: float, request_id: str) -> None:
        told = {
            "time": _utc(time.time()),
            "service": _service,
            "client": client,
            "method": method,
            "path": path,
            "status": status,
            "bytes": size,
            "seconds": round(seconds, 6),
            "request_id": request_id,
        }
        try:
            _access.add(json.dumps(told))
        except OSError as error:
            self.error_log.error("a request is not in the access log: %s", error)


class _ServerLine(logging.Formatter):
    """What gunicorn itself has to say."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _utc(record.created),
            "service": _service,
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


logconfig_dict: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"server": {"()": _ServerLine}},
    "handlers": {
        "server": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "server"},
    },
    "root": {"level": "INFO", "handlers": ["server"]},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["server"], "propagate": False},
    },
}

# Files that several processes write are turned here, by one thread of the backend's parent process: renamed, and every writer
# follows, because their handlers notice. So rotation does not depend on what the host has installed.
_SHARED = (
    *("app.log", "error.log", "access.log", "ai-access.log", "security.log"),
    *("realtime.log", "realtime-error.log", "worker.log", "worker-error.log"),
)
_TURN_BYTES, _KEEP, _LOOK_SECONDS = 20 * 1024 * 1024, 5, 30


def when_ready(server: Any) -> None:
    """Start turning the log files (backend only)."""
    if not _is_ai:
        threading.Thread(target=_turn_for_ever, args=(server.log,), name="log-rotation", daemon=True).start()


def _turn_for_ever(log: Any) -> None:
    while True:
        for name in _SHARED:
            try:
                turn(_folder / name, _TURN_BYTES, _KEEP)
            except OSError as error:
                log.error("log file %s cannot be turned: %s", name, error)
        time.sleep(_LOOK_SECONDS)


def turn(path: Path, limit: int, keep: int) -> None:
    """Rename `path` to `path.1`, `.1` to `.2` ... when it holds more than `limit` bytes; the oldest of `keep` goes."""
    if not path.is_file() or path.stat().st_size <= limit:
        return
    for number in range(keep - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.rename(path.with_name(f"{path.name}.{number + 1}"))
    path.rename(path.with_name(f"{path.name}.1"))
