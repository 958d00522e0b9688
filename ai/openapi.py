"""The OpenAPI 3.1 document, made from the Pydantic models."""

from __future__ import annotations

import re
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from ai import (
    anomalies_api,
    drift_api,
    optimise_schemas,
    planning_schemas,
    recommend_schemas,
    response_api,
    retrospect_api,
    schemas,
    segments_api,
)

_REFERENCE = "#/components/schemas/{model}"
# method, path, summary, request, (status, response), problems
_ENDPOINTS: tuple[tuple[str, str, str, type[BaseModel] | None, int, type[BaseModel], tuple[int, ...]], ...] = (
    ("post", "/v1/train", "Train a model; answers with the job", schemas.TrainRequest, 202, schemas.JobAnswer, (400, 413, 422)),
    ("get", "/v1/train/{job_id}", "State of a training", None, 200, schemas.JobAnswer, (404,)),
    ("post", "/v1/train/{job_id}/stop", "End a training; the model before goes on serving", schemas.PromoteRequest, 200,
     schemas.JobAnswer, (400, 404, 422)),
    ("post", "/v1/evaluate", "Hide and forecast the newest weeks; answers with the job", schemas.TrainRequest, 202,
     schemas.JobAnswer, (400, 409, 413, 422)),
    ("get", "/v1/evaluate/{job_id}", "State of an evaluation", None, 200, schemas.JobAnswer, (404,)),
    ("get", "/v1/evaluation", "What the newest evaluation found", None, 200, retrospect_api.LookBack, (409, 422)),
    ("post", "/v1/accuracy", "What would have been forecast, against what was sold", retrospect_api.AccuracyRequest, 200,
     retrospect_api.AccuracyAnswer, (400, 404, 409, 413, 422, 503)),
    ("get", "/v1/drift", "Whether the newest weeks still look like the training window", None, 200, drift_api.DriftAnswer,
     (409, 422, 503)),
    ("get", "/v1/models", "Models with their measured errors", None, 200, schemas.ModelList, ()),
    ("post", "/v1/models/{model_id}/promote", "Let a kept model serve", schemas.PromoteRequest, 200, schemas.ModelInfo,
     (400, 404, 409, 422)),
    ("post", "/v1/baseline", "Units without promotion", schemas.BaselineRequest, 200, schemas.BaselineAnswer,
     (400, 409, 413, 422, 503)),
    ("post", "/v1/uplift", "Promotions taken apart", schemas.UpliftRequest, 200, schemas.UpliftAnswer,
     (400, 409, 413, 422, 503)),
    ("post", "/v1/forecast", "Units of planned weeks", planning_schemas.ForecastRequest, 200, planning_schemas.ForecastAnswer,
     (400, 409, 413, 422, 503)),
    ("post", "/v1/elasticity", "Own and cross price elasticities", planning_schemas.ElasticityRequest, 200,
     planning_schemas.ElasticityAnswer, (400, 409, 413, 422, 503)),
    ("post", "/v1/response", "Units over price, with the weeks behind", response_api.ResponseRequest, 200,
     response_api.ResponseAnswer, (400, 409, 413, 422, 503)),
    ("post", "/v1/simulate", "A promotion that does not exist yet", planning_schemas.SimulateRequest, 200,
     planning_schemas.SimulateAnswer, (400, 409, 413, 422, 503)),
    ("post", "/v1/anomalies", "Weeks nobody would expect", anomalies_api.AnomalyRequest, 200, anomalies_api.AnomalyAnswer,
     (400, 409, 413, 422, 503)),
    ("post", "/v1/optimise", "The best calendar under a budget", optimise_schemas.OptimiseRequest, 200,
     optimise_schemas.OptimiseAnswer,
     (400, 409, 413, 422, 503)),
    ("post", "/v1/segments", "Customers or products in groups that sell alike", segments_api.SegmentsRequest, 200,
     segments_api.SegmentsAnswer, (400, 409, 413, 422, 503)),
    ("post", "/v1/recommend", "The next promotions that pay", recommend_schemas.RecommendRequest, 200,
     recommend_schemas.RecommendAnswer, (400, 409, 413, 422, 503)),
    ("get", "/health", "Is the service able to work", None, 200, schemas.Health, (503,)),
    ("get", "/livez", "Does the process answer", None, 200, schemas.Alive, ()),
)  # fmt: skip
# Which sales a question is about, where it is no part of a body.
_ABOUT_A_SOURCE = ("/v1/drift", "/v1/evaluation")
_SOURCE = {
    "name": "source",
    "in": "query",
    "required": False,
    "schema": {"enum": list(get_args(schemas.Source)), "default": "pos"},
}
_METRICS = {
    "get": {
        "summary": "Figures for Prometheus",
        "responses": {"200": {"description": "The answer", "content": {"text/plain": {"schema": {"type": "string"}}}}},
    }
}


def _content(name: str, kind: str = "application/json") -> dict[str, Any]:
    return {kind: {"schema": {"$ref": _REFERENCE.format(model=name)}}}


def document() -> dict[str, Any]:
    """The whole document."""
    used = {model for entry in _ENDPOINTS for model in (entry[3], entry[5]) if model} | {schemas.ProblemBody}
    kinds = sorted(used, key=lambda model: model.__name__)
    requests = {entry[3] for entry in _ENDPOINTS if entry[3]}
    _, definitions = models_json_schema(
        [(model, "validation" if model in requests else "serialization") for model in kinds],
        ref_template=_REFERENCE,
    )
    paths: dict[str, Any] = {}
    for method, path, summary, asked, status, answer, problems in _ENDPOINTS:
        operation: dict[str, Any] = {
            "summary": summary,
            "responses": {
                str(status): {"description": "The answer", "content": _content(answer.__name__)},
                **{
                    str(code): {"description": "A problem", "content": _content("ProblemBody", "application/problem+json")}
                    for code in problems
                },
            },
        }
        if asked:
            operation["requestBody"] = {"required": True, "content": _content(asked.__name__)}
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in re.findall(r"{(\w+)}", path)
        ]
        parameters += [_SOURCE] if path in _ABOUT_A_SOURCE else []
        if parameters:
            operation["parameters"] = parameters
        paths.setdefault(path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "TradeAI: AI service", "version": "1"},
        "paths": {**paths, "/metrics": _METRICS},
        "components": {"schemas": definitions["$defs"]},
    }
