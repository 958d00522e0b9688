"""HTTP of anomalies."""

from __future__ import annotations

from datetime import date
from typing import Literal

import numpy as np
from flask import Response
from pydantic import BaseModel, Field, ValidationInfo, field_validator

from ai.anomalies.search import Cause, find_anomalies
from ai.data.weeks import covered_weeks, monday_of
from ai.exchange import answer, blueprint, known_ids, model_info, parts, read_body
from ai.problems import Invalid
from ai.schemas import MOST_WEEKS_ASKED, Day, Id, ModelInfo, Source, Strict, after_start

READINGS: dict[Cause, str] = {
    "chain_wide": "most stores of the retailer deviate the same way in this week: look for an event, a rival, a missing flag",
    "out_of_stock": "a quarter or less of what was expected, in this store only: probably not on the shelf",
    "one_off_high": "far more than price and promotion explain, in this store only: a local event or an unflagged promotion",
    "one_off_low": "far less than price and promotion explain, in this store only",
    "price_unusual": "the price is far from the regular one: probably mistyped",
}


class AnomalyRequest(Strict):
    """Empty lists mean all; customers stand for everything below them."""

    customer_ids: list[Id] = Field(default_factory=list, max_length=5_000)
    product_ids: list[Id] = Field(default_factory=list, max_length=1_000)
    start: Day = Field(alias="from")
    end: Day = Field(alias="to")
    most: int = Field(200, ge=1, le=2_000)
    source: Source = "pos"

    @field_validator("end")
    @classmethod
    def _ordered(cls, end: date, others: ValidationInfo) -> date:
        return after_start(end, others, 7 * MOST_WEEKS_ASKED)


class AnomalyFound(BaseModel):
    """deviations: robust standard deviations on the log scale, negative when too little was sold."""

    customer_id: str
    product_id: str
    week: date
    actual: float
    expected: float
    deviations: float
    cause: Literal["chain_wide", "out_of_stock", "one_off_high", "one_off_low", "price_unusual"]
    reading: str


class AnomalyAnswer(BaseModel):
    """The strangest first; found counts all, also those beyond `most`."""

    model: ModelInfo
    found: int
    anomalies: list[AnomalyFound]


@blueprint.post("/anomalies")
def anomalies() -> Response:
    """Weeks far from what price, promotion and the weeks around explain, with the likeliest cause."""
    asked = read_body(AnomalyRequest)
    ready = parts().serving.ready(asked.source)
    panel = ready.panel
    known_ids(panel, "", asked.customer_ids, asked.product_ids)
    first, last = covered_weeks(asked.start, asked.end)
    weeks = np.arange(max(first - panel.first_week, 0), min(last - panel.first_week, panel.weeks - 1) + 1)
    if not len(weeks):
        raise Invalid("There are no sales in these weeks", [{"field": "from", "message": "no sales until 'to'"}])
    customers = set(panel.stores_under(asked.customer_ids)) | set(asked.customer_ids)
    products = set(asked.product_ids)
    chosen = [n for n, (c, p) in enumerate(panel.series) if (not customers or c in customers) and (not products or p in products)]
    found = find_anomalies(panel, ready.model, np.array(chosen, dtype=int), weeks)
    return answer(
        AnomalyAnswer(
            model=model_info(ready.entry),
            found=len(found),
            anomalies=[
                AnomalyFound(
                    customer_id=panel.series[one.series][0],
                    product_id=panel.series[one.series][1],
                    week=monday_of(panel.first_week + one.week),
                    actual=round(one.actual, 2),
                    expected=round(one.expected, 2),
                    deviations=round(one.deviations, 1),
                    cause=one.cause,
                    reading=READINGS[one.cause],
                )
                for one in found[: asked.most]
            ],
        )
    )
