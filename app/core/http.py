"""The one HTTP client: time limits on every call and the request id passed on."""

from typing import Any

import httpx
import structlog


def open_client(base_url: str = "", timeout_seconds: float = 10.0, **options: Any) -> httpx.Client:
    """A client for calls to other services; `base_url` without trailing slash."""
    return httpx.Client(base_url=base_url, timeout=timeout_seconds, event_hooks={"request": [_pass_request_id]}, **options)


def _pass_request_id(request: httpx.Request) -> None:
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    if request_id:
        request.headers["X-Request-ID"] = request_id
