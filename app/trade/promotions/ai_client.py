"""What promotions ask of the AI service."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from app.core.ai import AiService
from app.core.clock import iso, now
from app.core.errors import Conflict, Unavailable
from app.core.i18n import _

_UPLIFT_SECONDS = 180.0
_TRAINING_SECONDS = 900.0
_POLL_SECONDS = 1.0


class AiClient(AiService):
    """Uplift, the model that answers, and fitting a new one."""

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        super().__init__(transport, _UPLIFT_SECONDS)

    def uplift(self, promotions: Sequence[dict[str, Any]], source: str) -> list[dict[str, Any]]:
        """The result of each of `promotions`, with weeks and the model that gave it. Raises NoModel, Unavailable, Invalid."""
        body = {"promotions": list(promotions), "source": source, "detail": "weeks"}
        answer = self.call("POST", "/v1/uplift", json=body)
        return [{**result, "model": answer.get("model")} for result in answer["results"]]

    def newest_model(self, source: str) -> dict[str, Any] | None:
        """The model that answers for `source` now, None before the first training."""
        models = self.call("GET", "/v1/models")["models"]
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
        job = self.call("POST", "/v1/train", json={"source": source})["job"]
        while monotonic() < deadline:
            watch(float(job.get("progress") or 0), str(job.get("step") or ""))
            if job["status"] == "failed":
                raise Conflict(_("The AI service could not fit a model: {error}", error=job.get("error") or "?"))
            if job["status"] == "done" and job["started_at"] >= asked_at[:19]:
                return
            if job["status"] == "done":
                job = self.call("POST", "/v1/train", json={"source": source})["job"]
            wait(_POLL_SECONDS)
            job = self.call("GET", f"/v1/train/{job['id']}")["job"]
        raise Unavailable(_("The AI service is still fitting its model. Analyse again in a few minutes."))
