"""The OpenAPI document: what every operation shares is said once, here, instead of at each of them."""

from typing import Any

from apiflask import APIFlask

from app.access import authentication

PROBLEM = {
    "title": "Problem",
    "description": "What went wrong, as RFC 9457 has it.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Kind of problem, as a path"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, to what, and what to do"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "request_id": {"type": "string", "description": "Tell it to your operator; every log line of the request carries it"},
    },
}
# Answers that any operation may give, whatever it does.
_EVERYWHERE = {
    "400": "The request could not be read",
    "413": "The body is larger than the limit",
    "429": "Too many requests; Retry-After says when to come again",
    "503": "Database or cache do not answer right now",
}
_HEALTH = "/api/v1/health"


def install(app: APIFlask) -> None:
    """Complete the document when it is made."""
    app.spec_processor(complete)


def complete(document: Any) -> Any:
    """Bearer sign-in, and problem details for every error of every operation."""
    authentication.describe(document)
    document.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    for path, operations in document.get("paths", {}).items():
        for operation in operations.values():
            if isinstance(operation, dict) and "responses" in operation:
                responses = operation["responses"]
                _problems(responses)
                if path.startswith(_HEALTH):
                    responses["503"] = {"description": "Down; the body names what", "content": responses["200"]["content"]}
    return document


def _problems(responses: dict[str, Any]) -> None:
    for code, description in _EVERYWHERE.items():
        responses.setdefault(code, {"description": description})
    for code, response in responses.items():
        if code >= "400":
            response["content"] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
