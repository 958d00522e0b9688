"""The jobs of models: training, evaluating, and the daily look at drift."""

from typing import Any

from app.access.audit.service import record
from app.access.models import Principal
from app.core.ai import NoModel, NoSales
from app.core.clock import now
from app.core.events import emit
from app.core.i18n import _
from app.core.jobs import Progress
from app.core.logging import get_logger
from app.core.model_drift import report
from app.trade.models import rules, store
from app.trade.models.client import ModelsClient, Watch
from app.trade.sales.models import Source

TRAIN = "app.trade.models.work:train"
EVALUATE = "app.trade.models.work:evaluate"
LOOK = "app.trade.models.work:look_at_drift"
_STEPS = 100

log = get_logger(__name__)


def train(progress: Progress, source: str) -> dict[str, Any]:
    """Fit a model on the sales of now; cancelling ends it and leaves the model before serving."""
    with ModelsClient() as ai:
        before = ai.newest_model(source)
        trained = ai.train(source, _watch(progress, _("Fitting the model to the sales")))
        found = ai.last_fitted(source) or {}
    chain = (found.get("metrics") or {}).get("chain") or {}
    who = Principal.system("worker")
    record(
        who, "model.trained", "model", trained.model_id, before={"serving": before["id"] if before else None},
        after={"source": source, "rows": found.get("rows"), "window": found.get("window"), "wmape": chain.get("wmape"),
               "serves": trained.held_back is None, "held_back": trained.held_back},
    )  # fmt: skip
    told = {"source": source, "serves": trained.held_back is None}
    emit("models", "model.trained", {"id": trained.model_id, **told})
    return {"model": trained.model_id, **told}


def evaluate(progress: Progress, source: str) -> dict[str, Any]:
    """Hide the newest weeks, forecast them, compare."""
    with ModelsClient() as ai:
        ai.evaluate(source, _watch(progress, _("Forecasting weeks that the model has not seen")))
        found = ai.evaluation(source) or {}
    emit("models", "model.evaluated", {"source": source, "model": found.get("model")})
    return {"source": source, "model": found.get("model"), "all": found.get("all")}


def look_at_drift(progress: Progress, source: str | None = None) -> dict[str, Any]:
    """Look at each source that has a model, keep what was found, tell the supervisor; evaluate a model that nobody has."""
    looked: dict[str, str] = {}
    with ModelsClient() as ai:
        for one in [source] if source else [kind.value for kind in Source]:
            try:
                look = keep_look(one, ai.drift(one))
            except (NoModel, NoSales):
                continue
            looked[one] = look["state"]
            evaluation = ai.evaluation(one)
            if evaluation is None or evaluation["model"] != look["model"]:
                ai.evaluate(one, _watch(progress, _("Forecasting weeks that the model has not seen")))
                emit("models", "model.evaluated", {"source": one, "model": look["model"]})
    return {"looked": looked}


def keep_look(source: str, found: dict[str, Any]) -> dict[str, Any]:
    """Store what the AI service found of drift and report it."""
    names = ("state", "newest", "unseen_weeks", "features", "error", "baseline_error")
    look = store.add_look(source, now(), {"model": found["model"]["id"], **{name: found[name] for name in names}})
    report(source, look["model"], rules.shifted(look), rules.sentence(look))
    emit("models", "model.looked_at", {"source": source, "state": look["state"], "shifted": rules.shifted(look)})
    log.info("looked at drift", source=source, state=look["state"])
    return look


def _watch(progress: Progress, title: str) -> Watch:
    """The AI service's share done as the job's progress."""

    def watch(share: float, _step: str) -> None:
        progress.report(round(share * _STEPS), _STEPS, title)
        progress.stop_if_cancelled()

    return watch
