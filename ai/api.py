"""HTTP: parse, ask the models, answer. Every endpoint has a Pydantic request and response."""

from __future__ import annotations

from typing import Any

import numpy as np
from flask import Response

from ai.answers import baseline_week, uplift_result
from ai.data.weeks import covered_weeks
from ai.economics import Costs
from ai.exchange import answer, blueprint, known_ids, model_info, parts, read_body
from ai.features.design import traces_of
from ai.models.baseline import baseline_of
from ai.models.totals import Total, relative_covariance
from ai.models.uplift import Promotion, Refused
from ai.problems import Busy, Invalid, NotFound
from ai.registry.jobs import JobState
from ai.registry.manifest import UnknownModel
from ai.schemas import (
    BaselineAnswer,
    BaselineRequest,
    BaselineSeries,
    Job,
    JobAnswer,
    ModelList,
    PromoteRequest,
    PromotionAsked,
    TrainRequest,
    UpliftAnswer,
    UpliftRequest,
    UpliftResult,
)
from ai.serving import Ready

MOST_BASELINE_CELLS = 60_000
MOST_UPLIFT_WEEKS = 60_000  # in one answer: each is an object of its own


def _job(state: JobState) -> JobAnswer:
    return JobAnswer(job=Job.model_validate(state.__dict__))


@blueprint.post("/train")
def train() -> Response:
    """Starts a training, or names the one that runs; 202 with the job."""
    asked = read_body(TrainRequest)
    parts().evaluations.stop("a training was started, which goes first; evaluate again when it is done")
    return answer(_job(parts().jobs.start(asked.source)), 202)


@blueprint.get("/train/<job_id>")
def training(job_id: str) -> Response:
    """The state of a training."""
    state = parts().jobs.find(job_id)
    if state is None:
        raise NotFound(f"There is no training job {job_id!r}; jobs beyond the last 20 are forgotten")
    return answer(_job(state))


@blueprint.post("/train/<job_id>/stop")
def stop_training(job_id: str) -> Response:
    """Ends a training that runs; the model that served goes on serving."""
    read_body(PromoteRequest)
    state = parts().jobs.find(job_id)
    if state is None:
        raise NotFound(f"There is no training job {job_id!r}; jobs beyond the last 20 are forgotten")
    if state.status == "running":
        state = parts().jobs.stop("stopped by hand; the model before goes on serving") or state
    return answer(_job(state))


@blueprint.get("/models")
def models() -> Response:
    """All kept models, newest first, with their measured errors."""
    registry = parts().registry
    entries = list(reversed(registry.entries()))
    serving = {source: registry.current(source) for source in {entry.source for entry in entries}}
    return answer(
        ModelList(
            models=[model_info(entry, serving[entry.source] == entry, whole=True) for entry in entries],
            gone=[model_info(entry, False) for entry in reversed(registry.remembered())],
        )
    )


@blueprint.post("/models/<model_id>/promote")
def promote(model_id: str) -> Response:
    """Lets a kept model serve until the next training: with an older one, a roll back."""
    read_body(PromoteRequest)
    if parts().jobs.running():
        raise Busy("A training is running and will decide which model serves; promote when it is done")
    try:
        entry = parts().registry.promote(model_id)
    except UnknownModel as error:
        raise NotFound(str(error)) from error
    return answer(model_info(entry))


@blueprint.post("/baseline")
def baseline() -> Response:
    """Units without promotion per customer, product and week, with 50, 80 and 95 % bands."""
    asked = read_body(BaselineRequest)
    ready = parts().serving.ready(asked.source)
    known_ids(ready.panel, "", asked.customer_ids, asked.product_ids)
    first, last = covered_weeks(asked.start, asked.end)
    columns = np.arange(max(first - ready.panel.first_week, 0), min(last - ready.panel.first_week, ready.panel.weeks - 1) + 1)
    if not len(columns):
        raise Invalid("There are no sales in these weeks", [{"field": "from", "message": "no sales until 'to'"}])
    customers = set(ready.panel.stores_under(asked.customer_ids)) | set(asked.customer_ids)
    products = set(asked.product_ids)
    chosen = [
        (block, rows)
        for block in ready.model.blocks.values()
        if not products or block.block.product_id in products
        if len(rows := _rows_of(ready, block, customers))
    ]
    cells = sum(len(rows) for _, rows in chosen) * len(columns)
    if cells > MOST_BASELINE_CELLS:
        raise Invalid(
            f"{cells:,} values are more than {MOST_BASELINE_CELLS:,}; ask for fewer customers, products or weeks",
            [{"field": "customer_ids", "message": "too many together with the weeks asked for"}],
        )
    series, refused = [], []
    for block, rows in chosen:
        if block.refusal:
            refused.append({"product_id": block.block.product_id, "reason": block.refusal})
            continue
        series += _baseline_series(ready, block, rows, columns)
    return answer(BaselineAnswer(model=model_info(ready.entry), series=series, refused=refused))


def _rows_of(ready: Ready, block: Any, customers: set[str]) -> np.ndarray:
    names = [ready.panel.series[number][0] for number in block.block.series]
    wanted = [not customers or name in customers for name in names]
    return np.flatnonzero(np.array(wanted) & block.modelled)


def _baseline_series(ready: Ready, block: Any, rows: np.ndarray, columns: np.ndarray) -> list[BaselineSeries]:
    """Without any promotion: neither the week's own nor what earlier ones left behind."""
    panel, design = ready.panel, ready.uplift.design(block)
    nothing = np.zeros((len(block.block.series), panel.weeks), dtype=bool)
    counterfactual = design.without_promotion(rows, columns, traces_of(panel, block.block, nothing))
    found = baseline_of(panel, block, design, counterfactual, rows, columns, nothing)
    own = relative_covariance(np.einsum("rtt->rt", found.own_cov)) * found.expected**2
    shared = relative_covariance(np.diag(found.shared_cov)) * found.expected**2
    result = []
    for number, row in enumerate(rows):
        customer_id, product_id = panel.series[block.block.series[row]]
        actual = panel.units[block.block.series[row], columns]
        weeks = [
            baseline_week(
                panel.first_week + int(column),
                float(actual[t]),
                Total(float(found.expected[number, t]), float(shared[number, t]), float(own[number, t])),
                ready.model,
            )
            for t, column in enumerate(columns)
        ]
        result.append(BaselineSeries(customer_id=customer_id, product_id=product_id, weeks=weeks))
    return result


@blueprint.post("/uplift")
def uplift() -> Response:
    """Promotions taken apart: baseline, incremental, after-effect, both sides' return; one result each."""
    asked = read_body(UpliftRequest)
    serving_parts = parts()
    ready = serving_parts.serving.ready(asked.source)
    for number, promotion in enumerate(asked.promotions):
        known_ids(ready.panel, f"promotions.{number}.", promotion.customer_ids, promotion.product_ids)
    if asked.detail == "weeks":
        _not_too_many_weeks(asked)
    results = [_one_uplift(ready, promotion, asked.detail == "weeks") for promotion in asked.promotions]
    for result in results:
        serving_parts.metrics.promotions.labels(result.status).inc()
    return answer(UpliftAnswer(model=model_info(ready.entry), results=results))


def _not_too_many_weeks(asked: UpliftRequest) -> None:
    spans = ((covered_weeks(one.start, one.end), one.pre_weeks + one.post_weeks) for one in asked.promotions)
    weeks = sum(last - first + 1 + around for (first, last), around in spans)
    if weeks > MOST_UPLIFT_WEEKS:
        raise Invalid(
            f"{weeks:,} weeks are more than {MOST_UPLIFT_WEEKS:,}; ask for fewer promotions at once, or for detail: totals",
            [{"field": "promotions", "message": "too many together with their weeks before and after"}],
        )


def _one_uplift(ready: Ready, asked: PromotionAsked, weeks: bool) -> UpliftResult:
    promotion = Promotion(
        asked.id,
        tuple(asked.customer_ids),
        tuple(dict.fromkeys(asked.product_ids)),
        asked.start,
        asked.end,
        asked.pre_weeks,
        asked.post_weeks,
    )
    try:
        found = ready.uplift.uplift(promotion)
    except Refused as refusal:
        return UpliftResult(id=asked.id, status="refused", reason=str(refusal))
    costs = Costs(asked.costs.fixed, asked.costs.per_unit)
    return uplift_result(asked.id, found, costs, ready.panel, ready.model, weeks)
