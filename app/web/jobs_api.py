"""The API of jobs: how far one is, and asking it to stop."""

from typing import Any

from apiflask import APIBlueprint
from pydantic import BaseModel, Field

from app.access.models import Permission, Principal
from app.access.permissions import TABLE
from app.access.signed_in import principal
from app.core import jobs
from app.core.errors import Forbidden, NotFound
from app.core.jobs import Job, JobState
from app.realtime.rules import may_watch_job

blueprint = APIBlueprint("jobs", __name__, url_prefix="/api/v1/jobs", tag="Jobs")


class JobOut(BaseModel):
    """One job as the API tells it."""

    id: str
    title: str
    state: JobState
    done: int = Field(description="How much is done, of `total`, in what the job counts")
    total: int = Field(description="0 while not known")
    message: str
    error: str = Field(description="Why it failed, in words for people")
    result: Any = None
    tries: int
    created_at: str
    started_at: str
    finished_at: str
    started_by: str


@blueprint.get("/<job_id>")
@blueprint.output(JobOut)
@blueprint.doc(summary="How far a job is", responses=[404])
def show(job_id: str) -> dict[str, Any]:
    """Whoever started the job may ask, operators, and those who may see what it works on. Kept for seven days after it ended."""
    return _as_json(_visible(job_id, principal()))


@blueprint.post("/<job_id>/cancel")
@blueprint.output(JobOut)
@blueprint.doc(summary="Ask a job to stop", responses=[403, 404, 422])
def cancel(job_id: str) -> dict[str, Any]:
    """A waiting job ends at once, a running one at its next safe point. Only whoever started it, and operators."""
    who = principal()
    job = _visible(job_id, who)
    if job.who != who.user_id and Permission.OPERATIONS_READ not in TABLE[who.role]:
        raise Forbidden("Only the person who started this job, or an operator, can cancel it.")
    return _as_json(jobs.cancel(job_id))


def _visible(job_id: str, who: Principal) -> Job:
    job = jobs.read(job_id)
    if not may_watch_job(who.user_id, TABLE[who.role], job.who, job.topic):
        raise NotFound(f"Job {job_id} is not known. Jobs are kept for seven days after they end.")
    return job


def _as_json(job: Job) -> dict[str, Any]:
    names = set(JobOut.model_fields) - {"started_by"}
    return {**{name: getattr(job, name) for name in names}, "started_by": job.who}
