"""The API for people: every operation with its shapes, and a form that really calls it as the person who is signed in."""

import json
from dataclasses import dataclass
from typing import Any

from apiflask import APIBlueprint
from flask import current_app, render_template

from app.access.signed_in import principal

blueprint = APIBlueprint("api_docs", __name__, enable_openapi=False)
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One operation of the document, ready to draw."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[dict[str, Any]]
    body: str
    body_schema: str
    is_form: bool
    answers: list[tuple[str, str]]


@blueprint.get("/api/docs")
def docs() -> str:
    """Operations by subject, in the order of the document."""
    principal()
    return render_template("api_docs.html", subjects=subjects(current_app.spec))  # type: ignore[attr-defined]


def subjects(document: dict[str, Any]) -> dict[str, list[Operation]]:
    """Operations of an OpenAPI document by their first tag."""
    found: dict[str, list[Operation]] = {}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                tag = (item[method].get("tags") or ["Other"])[0]
                found.setdefault(tag, []).append(_operation(document, path, method, item))
    return found


def _operation(document: dict[str, Any], path: str, method: str, item: dict[str, Any]) -> Operation:
    raw = item[method]
    kinds = raw.get("requestBody", {}).get("content", {})
    is_form = bool(kinds) and "application/json" not in kinds
    schema = resolve(document, next(iter(kinds.values()))["schema"]) if kinds else None
    return Operation(
        id=f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}",
        method=method.upper(),
        path=path,
        summary=raw.get("summary", ""),
        description=raw.get("description", ""),
        parameters=[*item.get("parameters", []), *raw.get("parameters", [])],
        body=json.dumps(example(schema), indent=2) if schema and not is_form else "",
        body_schema=json.dumps(schema, indent=2) if schema else "",
        is_form=is_form,
        answers=[(code, answer.get("description", "")) for code, answer in raw.get("responses", {}).items()],
    )


def resolve(document: dict[str, Any], schema: Any, depth: int = 6) -> Any:
    """The schema with its `$ref`s filled in, to a bounded depth."""
    if isinstance(schema, list):
        return [resolve(document, part, depth) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        if depth == 0:
            return {}
        target: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return resolve(document, target, depth - 1)
    return {key: resolve(document, value, depth) for key, value in schema.items()}


def example(schema: dict[str, Any]) -> Any:
    """A body to start from: what is required, with examples and defaults where the schema has them."""
    if "example" in schema or "examples" in schema or "default" in schema:
        return schema.get("example", (schema.get("examples") or [schema.get("default")])[0])
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return example(schema[choice][0])
    kind = schema.get("type")
    if kind == "object":
        wanted = set(schema.get("required", []))
        return {name: example(part) for name, part in schema.get("properties", {}).items() if name in wanted}
    empty = {"array": [], "integer": 0, "number": 0, "boolean": False}
    return empty.get(str(kind), "")
