"""HTTP of the calendar: candidate events are simulated, then the best set of them is chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from flask import Response

from ai.data.weeks import covered_weeks
from ai.economics import Missing, Return, turnover_of
from ai.exchange import answer, blueprint, known_ids, model_info, parts, read_body
from ai.models.simulate import Simulation
from ai.optimise.busy import why_busy
from ai.optimise.calendar import Calendar, Candidate, NoCalendar, Reason, Rules, best_calendar
from ai.optimise_schemas import CandidateAsked, EventJudged, OptimiseAnswer, OptimiseRequest, RefusedEvent
from ai.problems import Invalid
from ai.serving import Ready
from ai.simulate_api import outcomes_of, returns, simulated, warnings_of, work_out_weeks

_CENTS = Decimal(100)


@blueprint.post("/optimise")
def optimise() -> Response:
    """The calendar that earns the chosen side most under its budget and rules, with the bound and a reason for each event."""
    asked = read_body(OptimiseRequest)
    ready = parts().serving.ready(asked.source)
    for number, taken in enumerate(asked.taken):
        known_ids(ready.panel, f"taken.{number}.", taken.customer_ids, taken.product_ids)
    work_out_weeks(ready, asked.candidates)
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
    busy = {key: why for key, one in worked.items() if (why := _why_busy(ready, asked, one))}
    _known_names(asked, busy)
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
        never=frozenset(asked.never) | _beyond(asked, worked) | frozenset(busy),
    )
    try:
        calendar = best_calendar(candidates, rules)
    except NoCalendar as error:
        raise Invalid(str(error), [{"field": "budget", "message": "no calendar keeps all rules"}]) from error
    return answer(_answered(ready, asked, worked, calendar, refused, busy))


def _why_busy(ready: Ready, asked: OptimiseRequest, one: _Worked) -> str | None:
    return why_busy(ready.panel, one.candidate, asked.taken, asked.weeks_between)


def _beyond(asked: OptimiseRequest, worked: dict[str, _Worked]) -> frozenset[str]:
    """Candidates that spend a larger share of their promoted sales than allowed."""
    if asked.most_spend_share is None:
        return frozenset()
    most = Decimal(str(asked.most_spend_share))
    return frozenset(key for key, one in worked.items() if one.result.spend > most * one.turnover)


def _known_names(asked: OptimiseRequest, busy: Mapping[str, str]) -> None:
    """Raises Invalid for events that are not among the candidates, or that are demanded in weeks that are not free."""
    known = {candidate.id for candidate in asked.candidates}
    errors = [
        {"field": f"{name}.{number}", "message": f"there is no candidate {key}"}
        for name in ("must", "never")
        for number, key in enumerate(getattr(asked, name))
        if key not in known
    ] + [
        {"field": f"must.{number}", "message": busy[key].removeprefix("out: ")}
        for number, key in enumerate(asked.must)
        if key in busy
    ]
    if errors:
        raise Invalid("Some events cannot be demanded or excluded", errors[:10])


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
    return _Worked(candidate, result, other, turnover, baseline, half80, warnings_of(ready, asked, found))


def _money(cents: float) -> str:
    return str((Decimal(round(cents)) / _CENTS).quantize(Decimal("0.01")))


def _answered(
    ready: Ready,
    asked: OptimiseRequest,
    worked: dict[str, _Worked],
    calendar: Calendar,
    refused: list[RefusedEvent],
    busy: Mapping[str, str],
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
        events=[_judged(one, asked, calendar, busy) for one in worked.values()],
        refused=refused,
    )


def _judged(one: _Worked, asked: OptimiseRequest, calendar: Calendar, busy: Mapping[str, str]) -> EventJudged:
    candidate = one.candidate
    reason = calendar.reasons[candidate.id]
    if candidate.id in busy:
        reason = Reason("taken", busy[candidate.id])
    elif reason.code == "excluded" and candidate.id not in asked.never:
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
