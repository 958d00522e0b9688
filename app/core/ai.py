"""The one door to the AI service: its answers as JSON, its refusals as errors that say what to do."""

from collections.abc import Mapping
from typing import Any, Self

import httpx

from app.core.errors import Conflict, FieldError, Invalid, NotFound, TooLarge, TradeError, Unavailable
from app.core.http import open_client
from app.core.i18n import _
from app.core.settings import settings

SECONDS = 60.0  # of a question that a person waits for; longer ones say so


class NoModel(Conflict):
    """Nothing is fitted yet: train first."""

    kind, title = "no-model", "There is no model yet"


class NoForecast(Conflict):
    """The model that serves can tell the past only: train again."""

    kind, title = "no-forecast", "The model in use cannot forecast"


class NoSales(Conflict):
    """There is nothing to learn from: import sales first."""

    kind, title = "no-sales", "There are no sales yet"


class NoEvaluation(Conflict):
    """The newest weeks have not been hidden and forecast yet: evaluate first."""

    kind, title = "no-evaluation", "Nothing has been evaluated yet"


class AiSilent(Unavailable):
    """The AI service does not answer at all, or too late."""

    title = "The AI service does not answer"


class AiService:
    """One conversation with the AI service; use as a context. `transport` replaces the network in tests.

    A subject's client is a small class on top whose methods ask `call` and say what the answer holds.
    """

    def __init__(self, transport: httpx.BaseTransport | None = None, seconds: float = SECONDS) -> None:
        self._http = open_client(settings().ai_url, seconds, **({"transport": transport} if transport else {}))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, json: object = None) -> Any:
        """The answer's JSON. Raises NoModel, NoForecast, NoSales, Invalid (fields as the AI service names them), NotFound,
        TooLarge, Conflict, AiSilent or Unavailable."""
        try:
            answer = self._http.request(method, path, json=json)
        except httpx.TransportError as error:
            raise AiSilent(
                _("The AI service does not answer, so nothing was worked out. It is being restarted; try again in a minute.")
            ) from error
        if answer.is_success:
            return answer.json()
        raise as_error(answer)


def as_error(answer: httpx.Response) -> TradeError:
    """The AI service's problem as one of ours, with the fields it names."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    problem: Mapping[str, Any] = body if isinstance(body, dict) else {}
    detail = str(problem.get("detail") or _("The AI service answered {status}.", status=answer.status_code))
    kind = str(problem.get("type", "")).rpartition("/")[2]
    for refusal in (NoModel, NoForecast, NoSales, NoEvaluation):
        if kind == refusal.kind:
            return refusal(detail)
    if answer.status_code >= 500 or answer.status_code in {408, 429}:
        return Unavailable(detail)
    if answer.status_code in {400, 422}:
        return Invalid(detail, _fields(problem))
    known = {404: NotFound, 413: TooLarge}
    return known.get(answer.status_code, Conflict)(detail)


def _fields(problem: Mapping[str, Any]) -> list[FieldError]:
    named = problem.get("errors")
    rows = named if isinstance(named, list) else []
    return [FieldError(str(row.get("field", "")), str(row.get("message", ""))) for row in rows if isinstance(row, dict)]
