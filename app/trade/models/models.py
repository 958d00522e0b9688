"""The words of models: what the API tells about them, and what may be asked."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.trade.sales.models import Source

ModelId = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_]+$")]


class DriftState(StrEnum):
    """How far a figure is from what it was at training; `unknown` where it cannot be measured."""

    STABLE = "stable"
    MOVED = "moved"
    SHIFTED = "shifted"
    UNKNOWN = "unknown"


class SourceAsked(BaseModel):
    """Which sales: at the till, or shipped."""

    model_config = ConfigDict(extra="forbid")

    source: Source = Source.POS


class Window(BaseModel):
    """First and last Monday of the weeks, both included."""

    start: date = Field(alias="from")
    end: date = Field(alias="to")


class Model(BaseModel):
    """One fitted model; errors in `metrics` are shares measured on weeks it had not seen."""

    id: str
    source: Source
    fitted_at: datetime
    rows: int
    window: Window
    current: bool = Field(description="It serves now")
    metrics: dict[str, Any]
    sha256: str = Field("", description="Over the model's files")
    features: dict[str, list[str]] | None = Field(None, description="Columns that baseline and forecast learned from")


class ModelList(BaseModel):
    """Kept models, newest first."""

    models: list[Model]


class Queued(BaseModel):
    """The job that does it; watch it at /api/v1/jobs/<id>."""

    job: str


class FeatureDrift(BaseModel):
    """`psi`: population stability index of the newest weeks against the training window; `usual`: what as many weeks of the
    past stayed under in 95 of 100 cases."""

    feature: str
    reading: str
    state: DriftState
    psi: float | None
    usual: float | None
    mean_before: float | None
    mean_now: float | None
    cells: int


class ErrorDrift(BaseModel):
    """WMAPE (a share) at training and on the weeks since."""

    state: DriftState
    at_training: float | None
    now: float | None
    ratio: float | None
    cells: int
    reason: str


class Drift(BaseModel):
    """The newest look; null fields where nothing could be measured."""

    at: datetime
    source: Source
    model: str
    state: DriftState
    newest: Window
    unseen_weeks: int
    features: list[FeatureDrift]
    error: ErrorDrift = Field(description="Of the median forecast")
    baseline_error: ErrorDrift | None = Field(None, description="Of the baseline in quiet weeks; null in looks of older versions")


class Evaluation(BaseModel):
    """The newest weeks hidden and forecast: errors of single series, for each lead, and of whole retailers' products."""

    model: str
    source: Source
    at: datetime
    weeks: Window
    protocol: str
    all: dict[str, Any]
    leads: dict[str, dict[str, Any]]
    chain: dict[str, Any]


Objective = Literal["mean", "median", "mape"]
