"""What is asked of the AI service about its models."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core.ai import AiService, AiSilent, NoEvaluation
from app.core.clock import iso, now
from app.core.errors import Conflict, Unavailable
from app.core.i18n import _
from app.core.jobs import JobCancelled

_TRAINING_SECONDS = 900.0
_POLL_SECONDS = 1.0
_SILENT_POLLS = 20
Watch = Callable[[float, str], None]


@dataclass(frozen=True)
class Trained:
    """The model of a finished training; held_back: why it is kept but does not serve, None where it serves."""

    model_id: str
    held_back: str | None = None


class ModelsClient(AiService):
    """Kept models, training, evaluation, drift."""

    def models(self) -> list[dict[str, Any]]:
        """Kept models, newest first."""
        return list(self.call("GET", "/v1/models")["models"])

    def kept_and_gone(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Kept models, and those whose files are gone but whose errors are remembered; each newest first."""
        answer = self.call("GET", "/v1/models")
        return list(answer["models"]), list(answer.get("gone") or [])

    def newest_model(self, source: str) -> dict[str, Any] | None:
        """The model that answers for `source` now, None before the first training."""
        return next((model for model in self.models() if model["source"] == source and model["current"]), None)

    def last_fitted(self, source: str) -> dict[str, Any] | None:
        """The model of the newest training, whether it serves or was held back; None before the first."""
        return next((model for model in self.models() if model["source"] == source), None)

    def promote(self, model_id: str) -> dict[str, Any]:
        """Let a kept model serve. Raises NotFound, or Conflict while a training runs."""
        return dict(self.call("POST", f"/v1/models/{model_id}/promote", json={}))

    def drift(self, source: str) -> dict[str, Any]:
        """How the newest weeks compare with the training window."""
        return dict(self.call("GET", f"/v1/drift?source={source}"))

    def evaluation(self, source: str) -> dict[str, Any] | None:
        """What the newest evaluation found; None before the first."""
        try:
            return dict(self.call("GET", f"/v1/evaluation?source={source}"))
        except NoEvaluation:
            return None

    def train(
        self,
        source: str,
        watch: Watch = lambda _share, _step: None,
        wait: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> Trained:
        """Fit a model on the sales of now and return it when it is there; `watch` gets the share done and the step.

        A training that already ran when this one was asked for may have read older sales, so it is waited out first. When
        `watch` raises JobCancelled the training is ended and the model before goes on serving.
        Raises Unavailable when it takes too long, Conflict when it fails.
        """
        job = self._run("/v1/train", source, watch, wait, monotonic)
        return Trained(str(job.get("model") or ""), job.get("held_back"))

    def evaluate(
        self,
        source: str,
        watch: Watch = lambda _share, _step: None,
        wait: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hide and forecast the newest weeks; returns when the report is there. Raises as `train` does."""
        self._run("/v1/evaluate", source, watch, wait, monotonic)

    def _run(
        self, path: str, source: str, watch: Watch, wait: Callable[[float], None], monotonic: Callable[[], float]
    ) -> dict[str, Any]:
        """The finished job."""
        asked_at = iso(now())[:19]
        deadline = monotonic() + _TRAINING_SECONDS
        job = self.call("POST", path, json={"source": source})["job"]
        while monotonic() < deadline:
            try:
                watch(float(job.get("progress") or 0), str(job.get("step") or ""))
            except JobCancelled:
                if path == "/v1/train" and job["started_at"] >= asked_at:
                    self.call("POST", f"{path}/{job['id']}/stop", json={})
                raise
            if job["status"] == "failed":
                raise Conflict(_failure(path, str(job.get("error") or "?")))
            if job["status"] == "done" and job["started_at"] >= asked_at:
                return dict(job)
            if job["status"] == "done":
                job = self.call("POST", path, json={"source": source})["job"]
            wait(_POLL_SECONDS)
            job = self._asked_again(f"{path}/{job['id']}", wait)
        raise Unavailable(_("The AI service is still fitting its model. Look again in a few minutes."))

    def _asked_again(self, path: str, wait: Callable[[float], None]) -> dict[str, Any]:
        """The job's state; a service that is silent for a moment, or restarting, is asked again. Raises AiSilent."""
        for _attempt in range(_SILENT_POLLS):
            try:
                return dict(self.call("GET", path)["job"])
            except AiSilent:
                wait(_POLL_SECONDS)
        return dict(self.call("GET", path)["job"])


def _failure(path: str, error: str) -> str:
    if path == "/v1/train":
        return _("The AI service could not fit a model: {error}", error=error)
    return _("The AI service could not evaluate its model: {error}", error=error)
