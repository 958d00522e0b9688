"""What can be done with models: see them, train, evaluate, look at drift, choose the one that serves."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from app.access.audit import store as audit
from app.access.audit.service import record
from app.access.models import Permission, Principal
from app.access.permissions import require
from app.core import jobs
from app.core.ai import AiSilent
from app.core.errors import NotFound
from app.core.events import emit
from app.core.i18n import N_, _
from app.core.jobs import Job
from app.core.mongo import Document
from app.core.paging import PageRequest
from app.trade.models import store, work
from app.trade.models.client import ModelsClient

LOOKS_SHOWN = 90
_TITLES = {
    "train": (work.TRAIN, N_("Training the model")),
    "evaluate": (work.EVALUATE, N_("Evaluating the model")),
    "drift": (work.LOOK, N_("Looking at drift")),
}
open_client: Callable[[], ModelsClient] = ModelsClient


@dataclass(frozen=True)
class Overview:
    """Everything about the models of one source of sales; `silent` when the AI service does not answer."""

    models: list[dict[str, Any]]
    gone: list[dict[str, Any]]
    evaluation: dict[str, Any] | None
    look: Document | None
    looks: list[Document]
    jobs: dict[str, Job]
    silent: str = ""

    @property
    def current(self) -> dict[str, Any] | None:
        """The model that serves."""
        return next((model for model in self.models if model["current"]), None)


def overview(who: Principal, source: str) -> Overview:
    """What the page of models shows; without the AI service what is stored here."""
    require(who, Permission.AI_READ)
    kept: list[dict[str, Any]] = []
    gone: list[dict[str, Any]] = []
    evaluation, silent = None, ""
    try:
        with open_client() as ai:
            kept, gone = ([one for one in part if one["source"] == source] for part in ai.kept_and_gone())
            evaluation = ai.evaluation(source)
    except AiSilent as error:
        silent = error.detail
    looks = store.recent_looks(source, LOOKS_SHOWN)
    open_jobs = {what: job for what in _TITLES if (job := open_job(source, what))}
    return Overview(kept, gone, evaluation, looks[-1] if looks else None, looks, open_jobs, silent)


def models(who: Principal, source: str | None = None) -> list[dict[str, Any]]:
    """Kept models, newest first."""
    require(who, Permission.AI_READ)
    with open_client() as ai:
        return [model for model in ai.models() if source is None or model["source"] == source]


def get(who: Principal, model_id: str) -> dict[str, Any]:
    """One kept model; raises NotFound."""
    found = next((model for model in models(who) if model["id"] == model_id), None)
    if found is None:
        raise NotFound(_("There is no model {id} (any more). The last five of each source are kept.", id=model_id))
    return found


def evaluation(who: Principal, source: str) -> dict[str, Any]:
    """What the newest evaluation found; raises NotFound before the first."""
    require(who, Permission.AI_READ)
    with open_client() as ai:
        found = ai.evaluation(source)
    if found is None:
        raise NotFound(_("Nothing has been evaluated yet. Ask for it: POST /api/v1/models/evaluate."))
    return found


def look(who: Principal, source: str) -> Document:
    """The newest look at drift; raises NotFound before the first."""
    require(who, Permission.AI_READ)
    found = store.newest_look(source)
    if found is None:
        raise NotFound(_("Nobody has looked at drift yet. Ask for it: POST /api/v1/models/drift."))
    return found


def start(who: Principal, what: str, source: str) -> str:
    """Queue a training, an evaluation or a look at drift; the open one is named when there is one. Returns the job id."""
    require(who, Permission.AI_MANAGE)
    already = open_job(source, what)
    if already:
        return already.id
    path, title = _TITLES[what]
    job_id = jobs.enqueue(path, {"source": source}, title=_(title), topic=f"models/{source}", who=who.user_id)
    store.set_job(source, what, job_id)
    record(who, f"model.{what}", "models", source, after={"job": job_id})
    emit("models", f"model.{what}_asked", {"source": source, "job_id": job_id}, actor=who.user_id)
    return job_id


def promote(who: Principal, model_id: str) -> dict[str, Any]:
    """Let a kept model serve until the next training. Raises NotFound, or Conflict while a training runs."""
    require(who, Permission.AI_MANAGE)
    chosen = get(who, model_id)
    with open_client() as ai:
        before = ai.newest_model(chosen["source"])
        found = ai.promote(model_id)
    record(
        who, "model.promoted", "model", model_id, before={"serving": before["id"] if before else None},
        after={"serving": model_id, "source": chosen["source"]},
    )  # fmt: skip
    emit("models", "model.promoted", {"id": model_id, "source": chosen["source"]}, actor=who.user_id)
    return found


def cancel(who: Principal, what: str, source: str) -> bool:
    """Ask the open job to stop; False when there is none. A training that is stopped leaves the model before serving."""
    require(who, Permission.AI_MANAGE)
    job = open_job(source, what)
    if job is None:
        return False
    jobs.cancel(job.id)
    record(who, "model.cancelled", "models", source, after={"job": job.id, "what": what})
    return True


def history(who: Principal, limit: int = 20) -> list[Document]:
    """What was done with models, newest first, from the audit trail."""
    require(who, Permission.AI_READ)
    return audit.page({"subject_type": {"$in": ["model", "models"]}}, PageRequest("-at", limit)).items


def open_job(source: str, what: str) -> Job | None:
    """The job under way for `what`, None when there is none."""
    job_id = store.job_of(source, what)
    if job_id is None:
        return None
    try:
        job = jobs.read(job_id)
    except (NotFound, RedisError):
        return None
    return None if job.state.final else job
