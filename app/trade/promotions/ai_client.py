"""What is asked of the AI service, and its failures as errors that say what to do."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from app.core.errors import Conflict, Invalid, TradeError, Unavailable
from app.core.http import open_client
from app.core.i18n import _
from app.core.settings import settings

_UPLIFT_SECONDS = 180.0
_TRAINING_SECONDS = 900.0
_POLL_SECONDS = 1.0


class NoModel(Conflict):
    """The AI service has nothing fitted yet."""

    kind, title = "no-model", "There is no model yet"


class AiClient:
    """One conversation with the AI service; use as a context. `transport` replaces the network in tests."""

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._http = open_client(settings().ai_url, _UPLIFT_SECONDS, **({"transport": transport} if transport else {}))

    def __enter__(self) -> "AiClient":
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def uplift(self, promotions: Sequence[dict[str, Any]], source: str) -> list[dict[str, Any]]:
        """The result of each of `promotions`, with weeks and the model that gave it. Raises NoModel, Unavailable, Invalid."""
        body = {"promotions": list(promotions), "source": source, "detail": "weeks"}
        answer = self._call("POST", "/v1/uplift", json=body)
        return [{**result, "model": answer.get("model")} for result in answer["results"]]

    def models(self) -> list[dict[str, Any]]:
        """The fitted models, newest first."""
        return sorted(self._call("GET", "/v1/models"), key=lambda model: str(model.get("fitted_at")), reverse=True)

    def train(
        self,
        watch: Callable[[str], None] = lambda _message: None,
        wait: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> dict[str, Any]:
        """Fit a model on the sales of now and return it when it serves. Raises Unavailable when it takes too long."""
        before = {model["id"] for model in self.models()}
        self._call("POST", "/v1/train", json={})
        deadline = monotonic() + _TRAINING_SECONDS
        while monotonic() < deadline:
            new = [model for model in self.models() if model["id"] not in before]
            if new:
                return new[0]
            watch(_("Fitting the model to the sales"))
            wait(_POLL_SECONDS)
        raise Unavailable(_("The AI service is still fitting its model. Analyse again in a few minutes."))

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise Unavailable(
                _("The AI service does not answer, so nothing was analysed. It is being restarted; analyse again in a minute.")
            ) from error
        if answer.is_success:
            return answer.json()
        raise _as_error(answer)


def _as_error(answer: httpx.Response) -> TradeError:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    detail = str(problem.get("detail") or _("The AI service answered {status}.", status=answer.status_code))
    if "no-model" in str(problem.get("type", "")):
        return NoModel(detail)
    if answer.status_code >= 500 or answer.status_code in {408, 429}:
        return Unavailable(detail)
    return Invalid(detail) if answer.status_code in {400, 422} else Conflict(detail)
