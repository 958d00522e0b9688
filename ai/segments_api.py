"""HTTP of segments: groups of customers or products that sell alike."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from flask import Response
from pydantic import BaseModel, Field

from ai.data.weeks import monday_of
from ai.exchange import answer, blueprint, known_ids, model_info, parts, read_body
from ai.problems import Invalid
from ai.schemas import Id, ModelInfo, Source, Strict, Window
from ai.segments.groups import FEWEST_MEMBERS, Grouping, grouped
from ai.segments.traits import TRAITS, YEAR, Traits, traits_of
from ai.segments.words import READINGS, named, structure_of

MOST_MEMBERS = 2_000  # every member is held against every other
_LOGS = frozenset({"level"})  # told as units; response, season and trend are told as shares
_CHANGES = frozenset({"response", "season", "trend"})


class SegmentsRequest(Strict):
    """Groups of the customers with sales, or of the products. Empty lists mean all; customers stand for everything below."""

    of: Literal["customers", "products"] = "customers"
    customer_ids: list[Id] = Field(default_factory=list, max_length=5_000)
    product_ids: list[Id] = Field(default_factory=list, max_length=1_000)
    source: Source = "pos"


class Trait(BaseModel):
    """used: the grouping stands on it; reason: why not. mean: of all members."""

    trait: str
    reading: str
    used: bool
    reason: str = ""
    mean: float | None


class GroupTrait(BaseModel):
    """mean: of the group; deviations: from the mean of all, in standard deviations between members."""

    trait: str
    mean: float | None
    deviations: float


class Group(BaseModel):
    id: str
    name: str
    size: int
    traits: list[GroupTrait]


class Member(BaseModel):
    """fit: silhouette from -1 to 1; below 0 the next group is nearer. traits: as in `Trait`, by name."""

    id: str
    group: str
    fit: float
    weeks: int
    traits: dict[str, float | None]


class LeftOut(BaseModel):
    id: str
    reason: str


class SegmentsAnswer(BaseModel):
    """structure: what the mean silhouette is worth (none: the groups run into each other); tried: it by number of groups.

    Without groups `refused` says why. level is units a week; promoted and depth are shares; response, season and trend are
    relative changes (0.5: half as much again).
    """

    model: ModelInfo
    of: Literal["customers", "products"]
    weeks: Window
    silhouette: float | None = None
    structure: Literal["strong", "reasonable", "weak", "none"] | None = None
    tried: dict[int, float] = {}
    traits: list[Trait] = []
    groups: list[Group] = []
    members: list[Member] = []
    left_out: list[LeftOut] = []
    refused: str | None = None


@blueprint.post("/segments")
def segments() -> Response:
    """Customers (or products) in groups that sell alike, with what sets each group apart in plain words."""
    asked = read_body(SegmentsRequest)
    ready = parts().serving.ready(asked.source)
    panel = ready.panel
    known_ids(panel, "", asked.customer_ids, asked.product_ids)
    customers = set(panel.stores_under(asked.customer_ids)) | set(asked.customer_ids)
    products = set(asked.product_ids)
    chosen = [n for n, (c, p) in enumerate(panel.series) if (not customers or c in customers) and (not products or p in products)]
    field = "customer_ids" if asked.of == "customers" else "product_ids"
    if not chosen:
        raise Invalid("Nothing sold here", [{"field": field, "message": "these products were never sold at these customers"}])
    count = len({panel.series[number][0 if asked.of == "customers" else 1] for number in chosen})
    if count > MOST_MEMBERS:
        message = f"{count:,} {asked.of} are more than {MOST_MEMBERS:,}; ask for a part of them"
        raise Invalid("Too many to group at once", [{"field": field, "message": message}])
    found = traits_of(panel, ready.model, np.array(chosen), asked.of)
    window = Window(start=monday_of(panel.first_week), end=monday_of(panel.last_week))
    grouping = grouped(found.values, found.scale)
    told = SegmentsAnswer(
        model=model_info(ready.entry), of=asked.of, weeks=window,
        left_out=[LeftOut(id=key, reason=reason) for key, reason in found.left_out],
    )  # fmt: skip
    if grouping is None:
        return answer(told.model_copy(update={"refused": _refusal(asked.of, len(found.ids), len(found.left_out))}))
    return answer(_told(told, found, grouping))


def _refusal(of: str, members: int, left_out: int) -> str:
    short = f" ({left_out} more have too few weeks of sales)" if left_out else ""
    if members < FEWEST_MEMBERS:
        return f"only {members} {of} have enough sales{short}; groups need {FEWEST_MEMBERS}"
    return f"these {members} {of} do not differ in anything that is looked at{short}"


def _told(told: SegmentsAnswer, found: Traits, grouping: Grouping) -> SegmentsAnswer:
    groups = range(int(grouping.group.max()) + 1)
    means = np.stack([_means(found.values[grouping.group == number]) for number in groups])
    names = named(grouping.centres, means, grouping.used, told.of)
    update = {
        "silhouette": round(grouping.silhouette, 4),
        "structure": structure_of(grouping.silhouette),
        "tried": {count: round(mean, 4) for count, mean in grouping.tried.items()},
        "traits": _traits(found.values, grouping.used),
        "groups": [
            Group(
                id=f"g{number + 1}", name=names[number], size=int((grouping.group == number).sum()),
                traits=_group_traits(means[number], grouping.centres[number], grouping.used),
            )
            for number in groups
        ],
        "members": [
            Member(
                id=key, group=f"g{grouping.group[row] + 1}", fit=round(float(grouping.fits[row]), 3), weeks=int(found.weeks[row]),
                traits=dict(zip(TRAITS, map(_shown, TRAITS, found.values[row]), strict=True)),
            )
            for row, key in enumerate(found.ids)
        ],
    }  # fmt: skip
    return told.model_copy(update=update)


def _traits(values: np.ndarray, used: np.ndarray) -> list[Trait]:
    means = _means(values)
    return [
        Trait(
            trait=name, reading=READINGS[name], used=bool(used[n]), mean=_shown(name, means[n]),
            reason="" if used[n] else _unused(name, values[:, n]),
        )
        for n, name in enumerate(TRAITS)
    ]  # fmt: skip


def _unused(name: str, values: np.ndarray) -> str:
    known = int(np.isfinite(values).sum())
    if name in {"season", "trend"} and known < len(values):
        return f"{YEAR} weeks of sales are needed; {known} of {len(values)} have them"
    if known < len(values):
        return f"known of {known} of {len(values)} only"
    return "they differ no more than chance does" if name in _CHANGES else "all are alike"


def _group_traits(means: np.ndarray, centre: np.ndarray, used: np.ndarray) -> list[GroupTrait]:
    return [
        GroupTrait(trait=name, mean=_shown(name, means[n]), deviations=round(float(centre[n]), 3))
        for n, name in enumerate(TRAITS)
        if used[n]
    ]


def _means(values: np.ndarray) -> np.ndarray:
    """(traits,) means of the known values; NaN where none is."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    return np.divide(np.where(known, values, 0.0).sum(axis=0), count, out=np.full(values.shape[1], np.nan), where=count > 0)


def _shown(name: str, value: float) -> float | None:
    """A trait as people read it: units, shares, relative changes; None where unknown."""
    if not math.isfinite(value):
        return None
    if name in _LOGS:
        return round(math.exp(value), 3)
    return round(math.expm1(value) if name in _CHANGES else float(value), 4)
