"""People and a small tree of customers."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def ann(as_role: Callable[[str], Any]) -> Any:
    """Signed in as account manager."""
    return as_role("account_manager")


@pytest.fixture
def make(ann: Any) -> Callable[..., dict[str, Any]]:
    """`make("S1", level="store", parent=None)`: a customer as the API gives it."""

    def create(code: str, level: str = "store", parent: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
        body = {"code": code, "name": f"Name {code}", "level": level, "parent_id": parent["id"] if parent else None, **fields}
        answer = ann.post("/api/v1/customers", json=body)
        assert answer.status_code == 201, answer.json
        return dict(answer.json)

    return create
