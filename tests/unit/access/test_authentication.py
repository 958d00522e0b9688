"""What the OpenAPI document says about signing in."""

from typing import Any

from app.access.authentication import describe


def test_every_operation_takes_bearer_but_the_open_ones() -> None:
    document: dict[str, Any] = {"paths": {"/api/v1/users": {"get": {}}, "/api/v1/auth/token": {"post": {}}}}
    describe(document)
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["security"] == [{"bearer": []}]
    assert "security" not in document["paths"]["/api/v1/users"]["get"]
    assert document["paths"]["/api/v1/auth/token"]["post"]["security"] == []
