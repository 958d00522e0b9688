"""What the tests of the short way share."""

from collections.abc import Iterator

import pytest

from app.web import short_way


@pytest.fixture
def unknown_addresses() -> Iterator[None]:
    """No list has been asked for yet, and none is known afterwards."""
    short_way.forget()
    yield
    short_way.forget()
