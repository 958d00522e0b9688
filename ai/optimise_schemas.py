"""Requests and responses of the calendar."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator

from ai.planning_schemas import DraftAsked, Share, TakenAsked
from ai.schemas import Cost, Id, ModelInfo, Source, Strict

MOST_CANDIDATES = 200


class CandidateAsked(DraftAsked):
    id: Id


class OptimiseRequest(Strict):
    """The budget covers the chosen side's spend; weeks_between keeps events of one product at one customer apart, also from
    promotions that exist: those in `taken`, whose spend is not counted, and the last one in the sales.

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
    taken: list[TakenAsked] = Field(default_factory=list, max_length=500)
    source: Source = "pos"

    @field_validator("candidates")
    @classmethod
    def _own_ids(cls, candidates: list[CandidateAsked]) -> list[CandidateAsked]:
        if len({candidate.id for candidate in candidates}) < len(candidates):
            raise ValueError("every candidate needs an id of its own")
        return candidates


class EventJudged(BaseModel):
    """code: chosen, demanded, excluded, loses, near (to `rivals`), taken, budget, limit or guardrail.

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
