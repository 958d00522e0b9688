"""The API page is drawn from the document itself."""

from app.web.api_docs import example, resolve, subjects

DOCUMENT = {
    "components": {
        "schemas": {
            "Node": {"type": "object", "required": ["name", "child"], "properties": {
                "name": {"type": "string"}, "note": {"type": "string"}, "child": {"$ref": "#/components/schemas/Node"}}},
        }
    },
    "paths": {
        "/api/v1/things/{thing_id}": {
            "parameters": [{"name": "thing_id", "in": "path", "required": True}],
            "get": {"tags": ["Things"], "summary": "One thing", "responses": {"200": {"description": "ok"}}},
            "patch": {
                "tags": ["Things"],
                "requestBody": {"content": {"application/json": {"schema": {
                    "type": "object", "required": ["version"],
                    "properties": {"version": {"type": "integer"}, "kind": {"enum": ["a", "b"]}}}}}},
                "responses": {},
            },
        },
        "/api/v1/files": {"post": {"requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object"}}}}}},
    },
}  # fmt: skip


def test_operations_are_grouped_by_tag_and_share_the_path_parameters() -> None:
    found = subjects(DOCUMENT)
    assert [(one.method, one.summary) for one in found["Things"]] == [("GET", "One thing"), ("PATCH", "")]
    assert all(one.parameters[0]["name"] == "thing_id" for one in found["Things"])
    assert found["Other"][0].is_form


def test_the_body_starts_with_what_is_required() -> None:
    assert subjects(DOCUMENT)["Things"][1].body == '{\n  "version": 0\n}'


def test_a_schema_that_names_itself_ends() -> None:
    resolved = resolve(DOCUMENT, {"$ref": "#/components/schemas/Node"})
    assert resolved["properties"]["child"]["properties"]["name"] == {"type": "string"}
    assert example(resolved)["name"] == ""


def test_examples_and_choices_are_used() -> None:
    assert example({"type": "string", "examples": ["SKU-1"]}) == "SKU-1"
    assert example({"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}]}) == "a"
