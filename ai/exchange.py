"""What every endpoint shares: the parts it works with, reading a request, answering, refusing unknown ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Blueprint, Response, current_app, request
from pydantic import BaseModel, ValidationError

from ai.data.panel import Panel
from ai.metrics import Metrics
from ai.problems import Invalid, Malformed, from_validation
from ai.registry.jobs import EVALUATION, TrainingJobs
from ai.registry.manifest import Entry, Registry
from ai.retrospect.kept import FOLDER
from ai.schemas import ModelInfo, Window
from ai.serving import Serving

if TYPE_CHECKING:
    from ai.drift_api import DriftWatch

blueprint = Blueprint("v1", __name__, url_prefix="/v1")
Request = TypeVar("Request", bound=BaseModel)


class Parts:
    """What the endpoints work with; made once by create_app."""

    def __init__(self, serving: Serving, registry: Registry, jobs: TrainingJobs, metrics: Metrics) -> None:
        self.serving, self.registry, self.jobs, self.metrics = serving, registry, jobs, metrics
        self.evaluations = TrainingJobs(registry.folder / FOLDER, EVALUATION)
        self.drift: DriftWatch  # set by create_app, whose endpoint it belongs to


def parts() -> Parts:
    return cast(Parts, current_app.extensions["ai"])


def read_body(kind: type[Request]) -> Request:
    """The body as `kind`; raises Malformed or Invalid naming the field. NaN and infinity are no JSON."""
    body = request.get_data(cache=False)
    if not body.strip():
        body = b"{}"
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise from_validation(error) from error
    except UnicodeDecodeError as error:
        raise Malformed("The body is not UTF-8") from error


def answer(model: BaseModel, status: int = 200) -> Response:
    return Response(model.model_dump_json(by_alias=True), status=status, mimetype="application/json")


def model_info(entry: Entry, current: bool = True, whole: bool = False) -> ModelInfo:
    """What an answer says of its model; `whole`: with the names of its features."""
    return ModelInfo(
        id=entry.id,
        source=cast(Any, entry.source),
        fitted_at=entry.fitted_at,
        rows=entry.rows,
        window=Window.model_validate({"start": entry.window_from, "end": entry.window_to}),
        current=current,
        metrics=entry.metrics,
        sha256=entry.sha256,
        features=entry.features if whole else None,
    )


def known_ids(
    panel: Panel, prefix: str, customer_ids: list[str], product_ids: list[str], product_field: str = "product_ids.{}"
) -> None:
    """Raises Invalid naming every id (up to ten) that neither the tree nor the sales know."""
    errors = [
        {"field": f"{prefix}customer_ids.{n}", "message": f"there is no customer {key}"}
        for n, key in enumerate(customer_ids)
        if key not in panel.customers and key not in panel.sellers
    ] + [
        {"field": prefix + product_field.format(n), "message": f"there is no product {key}"}
        for n, key in enumerate(product_ids)
        if key not in panel.products and key not in panel.sold
    ]
    if errors:
        raise Invalid("Some customers or products do not exist", errors[:10])
