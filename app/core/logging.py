"""Logs: one JSON object a line, with the request id, to standard output and to the host's log folder."""

import functools
import logging
import logging.handlers
import sys
from pathlib import Path
from typing import Any

import structlog

from app.core.settings import Settings

_SECRET_WORDS = ("password", "secret", "token", "authorization", "cookie", "csrf", "ticket")
_ROTATE_BYTES, _ROTATE_FILES = 20 * 1024 * 1024, 5


def redact(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Blank the value of every key that names a secret, in nested mappings too."""
    for key, value in event.items():
        if _names_a_secret(key):
            event[key] = "[redacted]"
        elif isinstance(value, dict | list | tuple):
            event[key] = _redacted(value)
    return event


def _redacted(value: Any) -> Any:
    """A copy without secrets: what was logged may still be in use."""
    if isinstance(value, dict):
        return {key: "[redacted]" if _names_a_secret(str(key)) else _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(item) for item in value]
    return value


@functools.lru_cache(maxsize=1024)
def _names_a_secret(key: str) -> bool:
    lowered = key.lower()
    return any(word in lowered for word in _SECRET_WORDS)


def configure_logging(config: Settings) -> None:
    """Send structlog and the standard library's loggers through one JSON pipeline."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.format_exc_info,
        redact,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            _name_service(config.service),
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )
    root = logging.getLogger()
    root.handlers = _handlers(config, formatter)
    # A person at the command line reads the command's own words; only what went wrong is added to them.
    root.setLevel(logging.WARNING if config.service == "cli" else config.log_level)
    # One line a request of its own, which ours says already.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _name_service(service: str) -> Any:
    def add(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
        return {"service": service, **event}

    return add


def _handlers(config: Settings, formatter: logging.Formatter) -> list[logging.Handler]:
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stdout if config.service != "cli" else sys.stderr)]
    if config.log_dir is not None and config.service != "cli":
        handlers.append(_rotating(config.log_dir / _file_name(config.service), logging.NOTSET))
        handlers.append(_rotating(config.log_dir / _error_file_name(config.service), logging.ERROR))
    for handler in handlers:
        handler.setFormatter(formatter)
    return handlers


def _file_name(service: str) -> str:
    """The backend writes app.log, as the manuals say; the others write under their own name."""
    return "app.log" if service == "backend" else f"{service}.log"


def _error_file_name(service: str) -> str:
    return "error.log" if service == "backend" else f"{service}-error.log"


def _rotating(path: Path, level: int) -> logging.Handler:
    handler = (
        logging.handlers.WatchedFileHandler(path)
        if _shared(path)
        else logging.handlers.RotatingFileHandler(path, maxBytes=_ROTATE_BYTES, backupCount=_ROTATE_FILES)
    )
    handler.setLevel(level)
    return handler


def _shared(path: Path) -> bool:
    """Whether several processes write it. The backend's parent turns those (compose/gunicorn.conf.py) and every writer follows.

    A process that turned a shared file by itself would leave the others in the old one, which is full: each of them would turn
    again, until nothing but the last lines is left. Only the supervisor is one process, and turns its own.
    """
    return not path.name.startswith("supervisor")


def get_logger(name: str) -> Any:
    """A structured logger: `log.info("import landed", import_id=..., rows=...)`."""
    return structlog.get_logger(name)
