"""What a probe brings back."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from app.core.http import open_client
from app.supervisor.state import Outcome

# A new connection for each question: one that is kept open cannot tell whether new ones are accepted.
FRESH = httpx.Limits(max_keepalive_connections=0)


@dataclass(frozen=True)
class Answer:
    """`detail` is for people and names no secret; `blames` are services of ours; `recovering`: it says that it still reads its
    data."""

    outcome: Outcome
    detail: str = ""
    blames: tuple[str, ...] = ()
    recovering: bool = False


OK = Answer(Outcome.OK)
Probe = Callable[[float], Answer]  # asks, waiting so many seconds at most for each step


def http_client(url: str) -> httpx.Client:
    """The client of one probe. It is made once: loading certificates costs more than all that a probe does with it."""
    return open_client(url, limits=FRESH)


def silent(detail: str) -> Answer:
    """No answer, and how that showed."""
    return Answer(Outcome.SILENT, detail)


def refused(host: str, error: OSError, seconds: float) -> Answer:
    """No answer over a plain connection."""
    if isinstance(error, TimeoutError):
        return silent(f"no answer within {seconds:.0f} s")
    return silent(f"{host}: {error.strerror or error}")
