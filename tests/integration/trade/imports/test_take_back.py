"""Whatever lands in whatever order: taking back the newest restores exactly what was before, down to the last field."""

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.access.models import Principal
from app.core.jobs import Progress
from app.core.mongo import Db
from app.trade.imports import checking, service, store, work
from app.trade.imports.models import Kind, Options
from tests.integration.trade.imports.conftest import facts

FILE = st.dictionaries(
    st.tuples(st.sampled_from(["S1", "S2", "N1"]), st.sampled_from(["A", "B", "N"]), st.integers(0, 2)),
    st.integers(1, 3),
    min_size=1,
    max_size=8,
)
DAYS = ("2024-01-01", "2024-01-08", "2024-01-15")


def acting(person: Principal) -> dict[str, str]:
    return {"user_id": person.user_id, "name": person.name, "email": person.email, "role": person.role.value}


def land(person: Principal, folder: Path, number: int, rows: dict[tuple[str, str, int], int]) -> str | None:
    """Import a file of these rows; None when its content is in already."""
    lines = [f"{store_code},{sku},{DAYS[week]},{units},{units}.50" for (store_code, sku, week), units in rows.items()]
    path = folder / f"file{number}.csv"
    path.write_text("\n".join(["store,sku,week,units,net revenue", *lines]))
    options = Options.model_validate({"unknown_customers": "create", "unknown_products": "create"})
    document = service.import_file(person, path, Kind.SALES, options, Progress.unwatched())
    return None if document.get("already_imported") else str(document["_id"])


def everything(mongo: Db) -> tuple[Any, ...]:
    """Facts and codes as they stand."""
    codes = sorted(node["code"] for node in mongo["customers"].find({}, {"code": 1}))
    return facts(mongo), codes, sorted(node["sku"] for node in mongo["products"].find({}, {"sku": 1}))


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(files=st.lists(FILE, min_size=1, max_size=3))
def test_the_state_after_taking_back_is_the_state_before(
    files: list[dict[tuple[str, str, int], int]], person: Principal, known: None, mongo: Db, tmp_path: Path
) -> None:
    checking.STAGED_ROWS = 3  # several chunks even for small files
    before, landed = [], []
    for number, rows in enumerate(files):
        state = everything(mongo)
        import_id = land(person, tmp_path, number, rows)
        if import_id is not None:
            before.append(state)
            landed.append(import_id)
    for import_id, state in zip(reversed(landed), reversed(before), strict=True):
        document = store.get(import_id)
        service.refuse_overwritten(document)
        store.move(import_id, [service.Status.LANDED], service.Status.REVERTING, {}, person.user_id)
        work.revert(Progress.unwatched(), import_id, acting(person))
        assert everything(mongo) == state
    assert facts(mongo) == []
