"""What is asked of the AI service, and its failures as errors that say what to do."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from app.core.clock import iso, now
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

    def newest_model(self, source: str) -> dict[str, Any] | None:
        """The model that answers for `source` now, None before the first training."""
        models = self._call("GET", "/v1/models")["models"]
        return next((model for model in models if model["source"] == source and model["current"]), None)

    def train(
        self,
        source: str,
        watch: Callable[[float, str], None] = lambda _share, _step: None,
        wait: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Fit a model on the sales of now and return when it answers; `watch` gets the share done and the step.

        A training that already ran when this one was asked for may have read older sales, so it is waited out first.
        Raises Unavailable when it takes too long, Conflict when it fails.
        """
        asked_at = iso(now())
        deadline = monotonic() + _TRAINING_SECONDS
        job = self._call("POST", "/v1/train", json={"source": source})["job"]
        while monotonic() < deadline:
            watch(float(job.get("progress") or 0), str(job.get("step") or ""))
            if job["status"] == "failed":
                raise Conflict(_("The AI service could not fit a model: {error}", error=job.get("error") or "?"))
            if job["status"] == "done" and job["started_at"] >= asked_at[:19]:
                return
            if job["status"] == "done":
                job = self._call("POST", "/v1/train", json={"source": source})["job"]
            wait(_POLL_SECONDS)
            job = self._call("GET", f"/v1/train/{job['id']}")["job"]
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
        body = answer.json()
    except ValueError:
        body = None
    problem = body if isinstance(body, dict) else {}
    detail = str(problem.get("detail") or _("The AI service answered {status}.", status=answer.status_code))
    if "no-model" in str(problem.get("type", "")):
        return NoModel(detail)
    if answer.status_code >= 500 or answer.status_code in {408, 429}:
        return Unavailable(detail)
    return Invalid(detail) if answer.status_code in {400, 422} else Conflict(detail)
