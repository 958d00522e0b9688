"""What every operation shares stands in the document once it is made."""

from typing import Any

from app.web.openapi import complete


def _document() -> dict[str, Any]:
    answer = {"description": "ok", "content": {"application/json": {"schema": {"type": "object"}}}}
    return {
        "paths": {
            "/api/v1/things": {
                "get": {"responses": {"200": answer, "422": {"description": "x", "content": {"application/json": {}}}}}
            },
            "/api/v1/health": {"get": {"responses": {"200": answer, "503": {"description": "down"}}}},
        }
    }


def test_every_error_is_a_problem() -> None:
    responses = complete(_document())["paths"]["/api/v1/things"]["get"]["responses"]
    errors = {code: list(response["content"]) for code, response in responses.items() if code >= "400"}
    assert set(errors) == {"400", "413", "422", "429", "503"}
    assert set(map(tuple, errors.values())) == {("application/problem+json",)}


def test_health_answers_503_with_its_own_report() -> None:
    responses = complete(_document())["paths"]["/api/v1/health"]["get"]["responses"]
    assert responses["503"]["content"] == responses["200"]["content"]


def test_open_operations_need_no_token_and_others_do() -> None:
    document = complete(_document())
    assert document["security"] == [{"bearer": []}]
    assert document["paths"]["/api/v1/health"]["get"]["security"] == []
    assert "security" not in document["paths"]["/api/v1/things"]["get"]
