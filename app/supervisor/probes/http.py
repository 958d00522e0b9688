"""Asks `GET /health` and understands who is blamed in the answer; a process that only answers `/livez` still lives."""

from collections.abc import Mapping
from typing import Any

import httpx

from app.supervisor.probes.answer import OK, Answer, Probe, http_client, silent
from app.supervisor.state import Outcome

# What the services call their dependencies in the answer of /health -> the service of ours.
NAMES = {"database": "mongodb", "mongodb": "mongodb", "mongo": "mongodb", "db": "mongodb", "redis": "redis", "backend": "backend"}
WELL = frozenset({"ok", "healthy"})


def http_probe(url: str) -> Probe:
    """A probe of the service at `url`."""
    http = http_client(url)

    def ask(seconds: float) -> Answer:
        try:
            return judge_health(http.get("/health", timeout=seconds))
        except httpx.TimeoutException:
            return _alive(http, seconds)
        except httpx.HTTPError as error:
            return silent(f"{url}: {error}")

    return ask


def judge_health(answer: httpx.Response) -> Answer:
    """The verdict on an answer of `/health`."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    body = body if isinstance(body, dict) else {}
    if answer.is_success and body.get("status", "ok") in WELL:
        return OK
    detail = f"/health answers {answer.status_code} {body.get('status', '')}".strip()
    blames = blamed(body)
    if blames:
        return Answer(Outcome.BLAMES, f"{detail}: {', '.join(blames)}", blames)
    return Answer(Outcome.UNREADY, detail)


def blamed(body: Mapping[str, Any]) -> tuple[str, ...]:
    """The services that a health document calls down: by its list `down`, its `checks`, or a field of their name."""
    down = body.get("down")
    if not isinstance(down, list):
        checks = body.get("checks")
        fields = checks if isinstance(checks, dict) else body
        down = [name for name, check in fields.items() if not _well(check)]
    return tuple(dict.fromkeys(NAMES[name] for name in down if name in NAMES))


def _well(check: Any) -> bool:
    verdict = check.get("status") if isinstance(check, dict) else check
    return isinstance(verdict, str) and verdict in WELL


def _alive(http: httpx.Client, seconds: float) -> Answer:
    """`/health` took too long: does the process answer at all? Any answer counts."""
    waited = f"/health gave no answer within {seconds:.0f} s"
    try:
        http.get("/livez", timeout=seconds / 2)
    except httpx.HTTPError:
        return silent(waited)
    return Answer(Outcome.UNREADY, waited)
