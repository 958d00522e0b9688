"""HTTP of look backs: an evaluation as a job, its report, and any part of what was said against what came."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import numpy as np
from flask import Response
from pydantic import BaseModel, Field

from ai.data.weeks import monday_of
from ai.drift_api import asked_source
from ai.exchange import answer, blueprint, known_ids, parts, read_body
from ai.problems import Busy, NoEvaluation, NotFound
from ai.retrospect.kept import Report, read, read_report
from ai.retrospect.look_back import LEADS, Said, errors_of
from ai.retrospect.run import chain_of
from ai.schemas import Id, Job, JobAnswer, Source, Strict, TrainRequest, Window

_NONE = "No weeks have been hidden and forecast yet; POST /v1/evaluate"


class LookBack(BaseModel):
    """`model` served when it was done. Errors are shares; of single series, for each lead, and of whole retailers' products."""

    model: str
    source: Source
    at: str
    weeks: Window
    protocol: str
    all: dict[str, Any]
    leads: dict[str, dict[str, Any]]
    chain: dict[str, Any]


class AccuracyRequest(Strict):
    """Empty lists mean all; customers stand for everything below them. lead: weeks between the forecast and the week it is of."""

    customer_ids: list[Id] = Field(default_factory=list, max_length=5_000)
    product_ids: list[Id] = Field(default_factory=list, max_length=1_000)
    lead: Literal[1, 2, 4, 8] = 4
    objective: Literal["mean", "median", "mape"] = "mean"
    source: Source = "pos"


class AccuracyWeek(BaseModel):
    """Sums over the series that sold in the week and were known at the forecast's origin; null where there was none."""

    week: date
    actual: float | None
    units: float | None
    lo80: float | None
    hi80: float | None
    lo95: float | None
    hi95: float | None


class AccuracyAnswer(BaseModel):
    """Errors of the sums shown (shares); series: how many were added up."""

    look_back: LookBack
    objective: Literal["mean", "median", "mape"]
    lead: int
    series: int
    wmape: float | None
    bias: float | None
    coverage80: float | None
    weeks: list[AccuracyWeek]


def _told(report: Report) -> LookBack:
    return LookBack(
        model=report.model,
        source=report.source,
        at=report.at,
        weeks=Window(start=date.fromisoformat(report.start), end=date.fromisoformat(report.end)),
        protocol=(
            f"a model fitted on the sales before {report.start} forecast each week since from {', '.join(map(str, LEADS))} weeks "
            "before it, with prices and promotions known and sales unknown beyond that point"
        ),
        all=report.all,
        leads=report.leads,
        chain=report.chain,
    )


@blueprint.post("/evaluate")
def evaluate() -> Response:
    """Starts hiding and forecasting the newest weeks, or names the evaluation that runs; 202 with the job."""
    asked = read_body(TrainRequest)
    if parts().jobs.running():
        raise Busy("A training is running; evaluate when it is done, so that both have the memory they need")
    state = parts().evaluations.start(asked.source)
    return answer(JobAnswer(job=Job.model_validate(state.__dict__)), 202)


@blueprint.get("/evaluate/<job_id>")
def evaluation(job_id: str) -> Response:
    """The state of an evaluation."""
    state = parts().evaluations.find(job_id)
    if state is None:
        raise NotFound(f"There is no evaluation {job_id!r}; those beyond the last 20 are forgotten")
    return answer(JobAnswer(job=Job.model_validate(state.__dict__)))


@blueprint.get("/evaluation")
def report() -> Response:
    """What the newest evaluation of `?source=` found; 409 no-evaluation before the first."""
    found = read_report(parts().registry.folder, asked_source())
    if found is None:
        raise NoEvaluation(_NONE)
    return answer(_told(found))


@blueprint.post("/accuracy")
def accuracy() -> Response:
    """What would have been forecast for the newest weeks, against what was sold."""
    asked = read_body(AccuracyRequest)
    kept = read(parts().registry.folder, asked.source)
    if kept is None:
        raise NoEvaluation(_NONE)
    report, said = kept
    panel = parts().serving.ready(asked.source).panel
    known_ids(panel, "", asked.customer_ids, asked.product_ids)
    customers = set(panel.stores_under(asked.customer_ids)) | set(asked.customer_ids)
    products = set(asked.product_ids)
    chosen = [n for n, (c, p) in enumerate(said.series) if (not customers or c in customers) and (not products or p in products)]
    if not chosen:
        raise NotFound("Nothing of this was sold in the weeks that were hidden, so there is nothing to compare")
    return answer(_accuracy(asked, report, chain_of(said, np.array(chosen), report.shared), len(chosen)))


def _accuracy(asked: AccuracyRequest, report: Report, said: Said, series: int) -> AccuracyAnswer:
    lead = said.leads.index(asked.lead)
    errors = errors_of(said, asked.lead)
    found = errors.objective[asked.objective] if errors else None
    weeks = []
    for number, week in enumerate(said.weeks):
        _, lo80, _, _, _, hi80, _ = (float(value) for value in said.quantiles[lead, 0, number])
        lo95, hi95 = float(said.quantiles[lead, 0, number, 0]), float(said.quantiles[lead, 0, number, 6])
        weeks.append(
            AccuracyWeek(
                week=monday_of(int(week)), actual=_known(said.actual[0, number]),
                units=_known(said.points(asked.objective)[lead, 0, number]),
                lo80=_known(lo80), hi80=_known(hi80), lo95=_known(lo95), hi95=_known(hi95),
            )
        )  # fmt: skip
    return AccuracyAnswer(
        look_back=_told(report),
        objective=asked.objective,
        lead=asked.lead,
        series=series,
        wmape=round(found.wmape, 4) if found else None,
        bias=round(found.bias, 4) if found else None,
        coverage80=round(errors.coverage80, 4) if errors else None,
        weeks=weeks,
    )


def _known(value: float) -> float | None:
    return round(float(value), 2) if np.isfinite(value) else None
