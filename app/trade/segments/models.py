"""The words of groups: what is asked, and what sets each group apart."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.trade.forecasts.models import Id
from app.trade.sales.models import Source


class SegmentsAsked(BaseModel):
    """Groups of customers or of products, among a part of the sales. Ids may be of any level."""

    model_config = ConfigDict(extra="forbid")

    of: Literal["customers", "products"] = "customers"
    customer: Id = Field("", description="A customer of any level; empty: all")
    product: Id = Field("", description="A product of any level; empty: all")
    source: Source = Source.POS


class Trait(BaseModel):
    """Something that members are compared by; `reason` says why it was not used."""

    trait: str
    reading: str
    used: bool
    reason: str = ""
    mean: float | None


class GroupTrait(BaseModel):
    """The group's mean, and how many standard deviations between members it lies from the mean of all."""

    trait: str
    mean: float | None
    deviations: float


class Group(BaseModel):
    """A group, named by what sets it apart."""

    id: str
    name: str
    size: int
    traits: list[GroupTrait]


class Member(BaseModel):
    """`fit`: silhouette from -1 to 1; below 0 it is nearer to another group.

    level is units a week; promoted and depth are shares; response, season and trend relative changes.
    """

    id: str
    name: str
    group: str
    group_name: str
    fit: float
    weeks: int
    traits: dict[str, float | None]


class LeftOut(BaseModel):
    """A customer or product in no group, and why."""

    id: str
    name: str
    reason: str


class Segments(BaseModel):
    """Groups, the largest first; without any `refused` says why. structure: what the mean silhouette is worth."""

    model: dict[str, Any]
    of: Literal["customers", "products"]
    weeks: dict[str, str]
    silhouette: float | None
    structure: Literal["strong", "reasonable", "weak", "none"] | None
    traits: list[Trait]
    groups: list[Group]
    members: list[Member]
    left_out: list[LeftOut]
    refused: str | None
