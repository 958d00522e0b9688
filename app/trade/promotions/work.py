"""The jobs of promotions: find deals after sales changed, and analyse what waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from app.access.audit.service import record
from app.access.models import Principal
from app.core.events import emit
from app.core.i18n import _
from app.core.jobs import JobPutOff, Progress, enqueue
from app.trade.hierarchy.store import Lease
from app.trade.promotions import analysis, entered, finder, store
from app.trade.promotions.ai_client import AiClient
from app.trade.promotions.models import AnalysisState
from app.trade.sales import explorer

FIND = "app.trade.promotions.work:find_and_analyse"
ANALYSE = "app.trade.promotions.work:analyse"
_LEASE_SECONDS = 300
_RETRY_SECONDS = 10.0


def find_and_analyse(progress: Progress, import_id: str | None = None) -> dict[str, Any]:
    """After an import landed or was taken back: observed promotions follow the sales, what changed is analysed again.

    `import_id` names the occasion in the audit trail; what is looked through follows from the sales themselves. One at a
    time: a second run goes back to the queue, and later finds nothing left to do.
    """
    with _alone(progress) as lease:
        found = _find(progress, import_id, lease)
        older = {"analysis.state": AnalysisState.DONE.value, "analysis.account": {"$ne": analysis.ACCOUNT}}
        store.ask_again(older, AnalysisState.WAITING.value)
        outcome = _analyse(progress, None, lease.renew)
    return {**found.as_dict(), "analysed": outcome.as_dict()}


def analyse(progress: Progress, promotion_ids: list[str] | None = None) -> dict[str, Any]:
    """Analyse what waits, or of `promotion_ids` what waits."""
    return _analyse(progress, promotion_ids).as_dict()


def _analyse(progress: Progress, promotion_ids: list[str] | None, alive: Callable[[], object] = lambda: None) -> analysis.Outcome:
    """With a model that knows the sales of now."""
    if next(store.waiting(promotion_ids), None) is None:
        return analysis.Outcome()
    with AiClient() as ai:
        analysis.fit_models_if_older(progress, ai, promotion_ids, store.last_scan(), alive)
        outcome = analysis.analyse(progress, ai, promotion_ids, alive)
    emit("promotions", "promotions.analysed", outcome.as_dict())
    return outcome


def enqueue_find(who: Principal, import_id: str | None = None) -> str:
    """Queue finding and analysing; returns the job id."""
    title = _("Finding promotions in the sales")
    return enqueue(FIND, {"import_id": import_id}, title=title, topic="promotions", who=who.user_id)


def enqueue_analysis(who: Principal, promotion_ids: list[str], title: str, topic: str) -> str:
    """Queue the analysis of `promotion_ids`; returns the job id."""
    return enqueue(ANALYSE, {"promotion_ids": promotion_ids}, title=title, topic=topic, who=who.user_id)


def _find(progress: Progress, import_id: str | None, lease: Lease) -> finder.Counts:
    found = finder.find(progress, lease.renew)
    entered.follow_sales()
    if found.changed:
        explorer.warm()
    if found.new or found.updated or found.gone:
        who = Principal.system("worker")
        kept = [{"code": row["code"], "costs": row["costs"], "note": row["note"]} for row in found.touched_by_people]
        after = {**found.as_dict(), **({"removed_with_notes": kept} if kept else {})}
        record(who, "promotions.found", "import" if import_id else "promotions", import_id or "all", after=after)
        emit("promotions", "promotions.found", found.as_dict())
    return found


@contextmanager
def _alone(progress: Progress) -> Iterator[Lease]:
    """The right to change observed promotions. Raises JobPutOff while another run holds it."""
    lease = Lease("promotions:find", _LEASE_SECONDS)
    if not lease.acquire():
        progress.report(0, 0, _("Waiting for another search to end"))
        raise JobPutOff(_("another search is under way"), _RETRY_SECONDS)
    try:
        yield lease
    finally:
        lease.release()
