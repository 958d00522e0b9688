"""Asks nginx for something that the backend answers: the way that people's requests take, end to end."""

import httpx

from app.supervisor.probes.answer import OK, Answer, Probe, http_client, silent
from app.supervisor.state import Outcome

_THROUGH = "/api/v1/health"
_NGINX_ALONE = "/nginx-alive"
_BEHIND = "backend"
_UPSTREAM_DOWN = frozenset({502, 503, 504})


def edge_probe(url: str) -> Probe:
    """A probe of nginx at `url`."""
    http = http_client(url)

    def ask(seconds: float) -> Answer:
        try:
            answer = http.get(_THROUGH, timeout=seconds)
        except httpx.TimeoutException:
            return _alone(http, seconds)
        except httpx.HTTPError as error:
            return silent(f"{url}: {error}")
        if answer.status_code in _UPSTREAM_DOWN:
            return _blames(f"{_THROUGH} answers {answer.status_code}")
        if not answer.is_success:
            return Answer(Outcome.UNREADY, f"{_THROUGH} answers {answer.status_code}")
        return OK

    return ask


def _alone(http: httpx.Client, seconds: float) -> Answer:
    """Nothing came through in time: nginx itself, or what is behind it?"""
    waited = f"{_THROUGH} gave no answer within {seconds:.0f} s"
    try:
        http.get(_NGINX_ALONE, timeout=seconds / 2)
    except httpx.HTTPError:
        return silent(waited)
    return _blames(waited)


def _blames(detail: str) -> Answer:
    return Answer(Outcome.BLAMES, detail, (_BEHIND,))
