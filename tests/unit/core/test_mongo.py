"""A write that the server undid for another's sake is made again; any other error is told at once."""

import pytest
from pymongo.errors import DuplicateKeyError, OperationFailure, WriteError

from app.core import mongo


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mongo.time, "sleep", lambda seconds: None)


class Write:
    """Fails with each of `errors`, then answers "written"."""

    def __init__(self, *errors: OperationFailure) -> None:
        self.errors, self.calls = list(errors), 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "written"


@pytest.mark.parametrize("code", [112, 16908292])
def test_a_write_that_lost_a_conflict_is_made_again(code: int) -> None:
    write = Write(WriteError("deadlock detected", code), WriteError("deadlock detected", code))
    assert mongo.whole_write(write) == "written"
    assert write.calls == 3


def test_a_duplicate_found_on_the_second_try_is_told() -> None:
    write = Write(WriteError("deadlock detected", 16908292), DuplicateKeyError("taken", 11000))
    with pytest.raises(DuplicateKeyError):
        mongo.whole_write(write)
    assert write.calls == 2


def test_a_conflict_without_end_is_told() -> None:
    write = Write(*[WriteError("deadlock detected", 16908292) for _ in range(20)])
    with pytest.raises(WriteError, match="deadlock"):
        mongo.whole_write(write)
    assert write.calls == 6
