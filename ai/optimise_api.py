"""HTTP of the calendar: candidate events are simulated, then the best set of them is chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from flask import Response
from pydantic import BaseModel, Field, field_validator

from ai.data.weeks import covered_weeks
from ai.economics import Missing, Return, turnover_of
from ai.exchange import answer, blueprint, known_ids, model_info, parts, read_body
from ai.models.simulate import Simulation
from ai.optimise.calendar import Calendar, Candidate, NoCalendar, Reason, Rules, best_calendar
from ai.planning_schemas import DraftAsked, Share
from ai.problems import Invalid
from ai.schemas import Cost, Id, ModelInfo, Source, Strict
from ai.serving import Ready
from ai.simulate_api import outcomes_of, returns, simulated, warnings_of

MOST_CANDIDATES = 200
_CENTS = Decimal(100)


class CandidateAsked(DraftAsked):
    id: Id


class OptimiseRequest(Strict):
    """The budget covers the chosen side's spend; weeks_between keeps events of one product at one customer apart.

    most_spend_share: an event whose spend is a larger share of its promoted sales (of the chosen side) is left out.
    """

    candidates: list[CandidateAsked] = Field(min_length=1, max_length=MOST_CANDIDATES)
    side: Literal["manufacturer", "retailer"] = "manufacturer"
    budget: Cost
    weeks_between: int = Field(0, ge=0, le=52)
    most_events: int | None = Field(None, ge=0, le=MOST_CANDIDATES)
    most_at_once: int | None = Field(None, ge=1, le=MOST_CANDIDATES)
    fewest_incremental_units: Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)] | None = None
    most_spend_share: Share | None = None
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
    """code: chosen, demanded, excluded, loses, near (to `rivals`), budget, limit or guardrail.

    net, its 80 % band, spend and roi are the chosen side's; incremental_units are net of the after-effect and other products.
    warnings: what its figures stand on where the sales do not hold it.
    """

    id: str
    chosen: bool
    code: str
    reason: str
    rivals: list[str] = []
    net: str
    net_lo80: str
    net_hi80: str
    spend: str
    roi: str | None
    other_side_net: str | None
    baseline_units: float
    incremental_units: float
    incremental_lo80: float
    incremental_hi80: float
    warnings: list[str] = []


class RefusedEvent(BaseModel):
    """A candidate that could not be worked out, and why."""

    id: str
    reason: str


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
    refused: list[RefusedEvent] = []


@blueprint.post("/optimise")
def optimise() -> Response:
    """The calendar that earns the chosen side most under its budget and rules, with the bound and a reason for each event."""
    asked = read_body(OptimiseRequest)
    ready = parts().serving.ready(asked.source)
    candidates: list[Candidate] = []
    worked: dict[str, _Worked] = {}
    refused: list[RefusedEvent] = []
    for number, one in enumerate(asked.candidates):
        prefix = f"candidates.{number}."
        known_ids(ready.panel, prefix, one.customer_ids, one.product_ids)
        found = simulated(ready, one, prefix)
        judged = _candidate(ready, one, found, asked.side)
        if isinstance(judged, _Worked):
            candidates.append(judged.candidate)
            worked[one.id] = judged
        else:
            refused.append(RefusedEvent(id=one.id, reason=judged))
    _known_names(asked)
    if not candidates:
        reasons = "; ".join(dict.fromkeys(one.reason for one in refused))
        raise Invalid("No candidate can be simulated", [{"field": "candidates", "message": reasons[:1_000]}])
    rules = Rules(
        budget=int(asked.budget * _CENTS),
        weeks_between=asked.weeks_between,
        most_events=asked.most_events,
        most_at_once=asked.most_at_once,
        fewest_units=asked.fewest_incremental_units,
        must=frozenset(asked.must),
        never=frozenset(asked.never) | _beyond(asked, worked),
    )
    try:
        calendar = best_calendar(candidates, rules)
    except NoCalendar as error:
        raise Invalid(str(error), [{"field": "budget", "message": "no calendar keeps all rules"}]) from error
    return answer(_answered(ready, asked, worked, calendar, refused))


def _beyond(asked: OptimiseRequest, worked: dict[str, _Worked]) -> frozenset[str]:
    """Candidates that spend a larger share of their promoted sales than allowed."""
    if asked.most_spend_share is None:
        return frozenset()
    most = Decimal(str(asked.most_spend_share))
    return frozenset(key for key, one in worked.items() if one.result.spend > most * one.turnover)


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


@dataclass(frozen=True)
class _Worked:
    """A candidate with what it was made from; turnover: the chosen side's sales in the promotion's weeks."""

    candidate: Candidate
    result: Return
    other: Return | Missing
    turnover: Decimal
    baseline: float
    half80: float
    warnings: list[str]


def _candidate(ready: Ready, asked: CandidateAsked, found: Simulation, side: str) -> _Worked | str:
    """The event with what it earns and costs, or why that cannot be said."""
    if not found.products:
        return "; ".join(reason for _, reason in found.refused)
    manufacturer, retailer = returns(ready, asked, found)
    result, other = (manufacturer, retailer) if side == "manufacturer" else (retailer, manufacturer)
    if isinstance(result, Missing):
        return result.detail
    first, last = covered_weeks(asked.start, asked.end)
    series = [int(number) for product in found.products for number in product.series]
    candidate = Candidate(
        id=asked.id,
        value=int(result.net * _CENTS),
        spend=max(int(result.spend * _CENTS), 0),
        units=found.net,
        places=frozenset(ready.panel.series[number] for number in series),
        first=first,
        last=last,
    )
    variance = sum(product.sd**2 + product.after_variance for product in found.products) + found.cannibalised_variance
    turnover = turnover_of(outcomes_of(ready, asked, found), side)
    baseline = sum(product.baseline for product in found.products)
    half80 = 1.28155 * math.sqrt(variance)
    return _Worked(candidate, result, other, turnover, baseline, half80, warnings_of(ready.panel, found))


def _money(cents: float) -> str:
    return str((Decimal(round(cents)) / _CENTS).quantize(Decimal("0.01")))


def _answered(
    ready: Ready, asked: OptimiseRequest, worked: dict[str, _Worked], calendar: Calendar, refused: list[RefusedEvent]
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
        events=[_judged(one, asked, calendar) for one in worked.values()],
        refused=refused,
    )


def _judged(one: _Worked, asked: OptimiseRequest, calendar: Calendar) -> EventJudged:
    candidate = one.candidate
    reason = calendar.reasons[candidate.id]
    if reason.code == "excluded" and candidate.id not in asked.never:
        most = f"{100 * (asked.most_spend_share or 0):.0f} %"
        reason = Reason("guardrail", f"out: it spends more than {most} of its promoted sales")
    return EventJudged(
        id=candidate.id,
        chosen=candidate.id in calendar.chosen,
        code=reason.code,
        reason=reason.text,
        rivals=list(reason.rivals),
        net=_money(candidate.value),
        net_lo80=str(one.result.net_lo80),
        net_hi80=str(one.result.net_hi80),
        spend=_money(candidate.spend),
        roi=None if one.result.roi is None else str(one.result.roi),
        other_side_net=None if isinstance(one.other, Missing) else str(one.other.net),
        baseline_units=round(one.baseline, 2),
        incremental_units=round(candidate.units, 2),
        incremental_lo80=round(candidate.units - one.half80, 2),
        incremental_hi80=round(candidate.units + one.half80, 2),
        warnings=one.warnings,
    )
