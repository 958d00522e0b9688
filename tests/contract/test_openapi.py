"""The API keeps what its OpenAPI document says, and answers no input with a server error."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from tests.appliance import Appliance

# What would end the test's own session or lock its account is tested by name elsewhere.
NOT_FUZZED = ("/api/v1/auth/sign-out", "/api/v1/auth/token", "/api/v1/auth/refresh", "/api/v1/auth/password")


@pytest.fixture(scope="session")
def token(appliance: Appliance) -> str:
    """The administrator's Bearer token."""
    with appliance.signed_in() as client:
        return str(client.headers["Authorization"])


@pytest.fixture(scope="session")
def api_schema(appliance: Appliance) -> Any:
    """The document as the appliance serves it."""
    with appliance.signed_in() as client:
        document = client.get("/api/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=appliance.local("BACKEND_PORT"))
    return schema.exclude(path=list(NOT_FUZZED))


def test_no_input_makes_a_server_error(api_schema: Any, token: str) -> None:
    """Generated requests get an answer of the documented shape and never a 5xx, at every operation."""
    found = {}
    for result in api_schema.get_all_operations():
        operation = result.ok()
        try:
            _probe(operation, token)
        except (Failure, FailureGroup, AssertionError) as error:
            found[operation.label] = str(error)
    assert not found, "\n\n".join(f"{label}: {problem}" for label, problem in found.items())


def _probe(operation: Any, token: str) -> None:
    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def attempt(case: Any) -> None:
        response = case.call(headers={"Authorization": token, "X-Forwarded-Proto": "https"}, timeout=30)
        case.validate_response(response, checks=[not_a_server_error, content_type_conformance, response_schema_conformance])

    attempt()


def test_the_document_describes_every_route(appliance: Appliance) -> None:
    """OpenAPI 3.1, and every operation says what it does and how it fails."""
    with appliance.signed_in() as client:
        document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    operations = {f"{method} {path}": op for path, item in document["paths"].items() for method, op in item.items()}
    assert len(operations) > 20
    assert [name for name, op in operations.items() if not op.get("summary")] == []
