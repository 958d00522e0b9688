"""HTTP of the calendar: candidate events are simulated, then the best set of them is chosen."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from flask import Response
from pydantic import BaseModel, Field, field_validator

from ai.data.weeks import covered_weeks
from ai.economics import Missing
from ai.exchange import answer, blueprint, known_ids, model_info, parts, read_body
from ai.models.simulate import Simulation
from ai.optimise.calendar import Calendar, Candidate, NoCalendar, Rules, best_calendar
from ai.planning_schemas import DraftAsked, Refusal
from ai.problems import Invalid
from ai.schemas import Cost, Id, ModelInfo, Source, Strict
from ai.serving import Ready
from ai.simulate_api import returns, simulated

MOST_CANDIDATES = 200
_CENTS = Decimal(100)


class CandidateAsked(DraftAsked):
    id: Id


class OptimiseRequest(Strict):
    """The budget covers the chosen side's spend; weeks_between keeps events of one product at one customer apart."""

    candidates: list[CandidateAsked] = Field(min_length=1, max_length=MOST_CANDIDATES)
    side: Literal["manufacturer", "retailer"] = "manufacturer"
    budget: Cost
    weeks_between: int = Field(0, ge=0, le=52)
    most_events: int | None = Field(None, ge=0, le=MOST_CANDIDATES)
    most_at_once: int | None = Field(None, ge=1, le=MOST_CANDIDATES)
    fewest_incremental_units: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None = None
    must: list[Id] = Field(default_factory=list, max_length=MOST_CANDIDATES)
    never: list[Id] = Field(default_factory=list, max_length=MOST_CANDIDATES)
    source: Source = "pos"

    @field_validator("candidates")
    @classmethod
    def _own_ids(cls, candidates: list[CandidateAsked]) -> list[CandidateAsked]:
        if len({candidate.id for candidate in candidates}) < len(candidates):
            raise ValueError("every candidate needs an id of its own")
        return candidates


class EventJudged(BaseModel):
    id: str
    chosen: bool
    reason: str
    net: str
    spend: str
    incremental_units: float


class OptimiseAnswer(BaseModel):
    """No calendar of these candidates earns more than bound; gap is (bound - net) / bound."""

    model: ModelInfo
    net: str
    spend: str
    budget: str
    incremental_units: float
    bound: str
    gap: float
    proven: bool
    events: list[EventJudged]
    refused: list[Refusal] = []


@blueprint.post("/optimise")
def optimise() -> Response:
    """The calendar that earns the chosen side most under its budget and rules, with the bound and a reason for each event."""
    asked = read_body(OptimiseRequest)
    ready = parts().serving.ready(asked.source)
    candidates: list[Candidate] = []
    refused: list[Refusal] = []
    for number, one in enumerate(asked.candidates):
        prefix = f"candidates.{number}."
        known_ids(ready.panel, prefix, one.customer_ids, one.product_ids)
        found = simulated(ready, one, prefix)
        judged = _candidate(ready, one, found, asked.side)
        if isinstance(judged, Candidate):
            candidates.append(judged)
        else:
            refused.append(Refusal(product_id=", ".join(one.product_ids), reason=f"{one.id}: {judged}"))
    _known_names(asked)
    if not candidates:
        reasons = "; ".join(one.reason for one in refused)
        raise Invalid("No candidate can be simulated", [{"field": "candidates", "message": reasons[:1_000]}])
    rules = Rules(
        budget=int(asked.budget * _CENTS),
        weeks_between=asked.weeks_between,
        most_events=asked.most_events,
        most_at_once=asked.most_at_once,
        fewest_units=asked.fewest_incremental_units,
        must=frozenset(asked.must),
        never=frozenset(asked.never),
    )
    try:
        calendar = best_calendar(candidates, rules)
    except NoCalendar as error:
        raise Invalid(str(error), [{"field": "budget", "message": "no calendar keeps all rules"}]) from error
    return answer(_answered(ready, asked, candidates, calendar, refused))


def _known_names(asked: OptimiseRequest) -> None:
    known = {candidate.id for candidate in asked.candidates}
    errors = [
        {"field": f"{name}.{number}", "message": f"there is no candidate {key}"}
        for name in ("must", "never")
        for number, key in enumerate(getattr(asked, name))
        if key not in known
    ]
    if errors:
        raise Invalid("Some events are not among the candidates", errors[:10])


def _candidate(ready: Ready, asked: CandidateAsked, found: Simulation, side: str) -> Candidate | str:
    """The event with what it earns and costs, or why that cannot be said."""
    if not found.products:
        return "; ".join(reason for _, reason in found.refused)
    manufacturer, retailer = returns(ready, asked, found)
    result = manufacturer if side == "manufacturer" else retailer
    if isinstance(result, Missing):
        return result.detail
    first, last = covered_weeks(asked.start, asked.end)
    series = [int(number) for product in found.products for number in product.series]
    return Candidate(
        id=asked.id,
        value=int(result.net * _CENTS),
        spend=max(int(result.spend * _CENTS), 0),
        units=found.net,
        places=frozenset(ready.panel.series[number] for number in series),
        first=first,
        last=last,
    )


def _money(cents: float) -> str:
    return str((Decimal(round(cents)) / _CENTS).quantize(Decimal("0.01")))


def _answered(
    ready: Ready, asked: OptimiseRequest, candidates: list[Candidate], calendar: Calendar, refused: list[Refusal]
) -> OptimiseAnswer:
    return OptimiseAnswer(
        model=model_info(ready.entry),
        net=_money(calendar.value),
        spend=_money(calendar.spend),
        budget=str(asked.budget),
        incremental_units=round(calendar.units, 2),
        bound=_money(calendar.bound),
        gap=round(calendar.gap, 5),
        proven=calendar.proven,
        events=[
            EventJudged(
                id=one.id,
                chosen=one.id in calendar.chosen,
                reason=calendar.reasons[one.id],
                net=_money(one.value),
                spend=_money(one.spend),
                incremental_units=round(one.units, 2),
            )
            for one in candidates
        ],
        refused=refused,
    )
