"""Runs inside the demo image: import the orange-juice sales into a scratch database, and insert the same documents plainly.

Prints one line `RESULT {...}` in seconds. The control's collection has the same indexes, so both do the database's whole work.
"""

import json
import time
from pathlib import Path

from app.access.models import Principal
from app.core.jobs import Progress
from app.core.migrations import migrate
from app.core.mongo import Index, database, ensure_indexes
from app.trade.customers.store import INDEXES as CUSTOMER_INDEXES
from app.trade.imports import service, store, work
from app.trade.imports.models import Kind, MappingInput, Options, Status
from app.trade.imports.store import INDEXES as IMPORT_INDEXES
from app.trade.products.store import INDEXES as PRODUCT_INDEXES
from app.trade.sales.store import INDEXES as SALES_INDEXES

BATCH = 5000
WHO = Principal.system("bench")


def main() -> None:
    """Measure control, import, control again; leave nothing behind."""
    db = database()
    db.client.drop_database(db.name)
    migrate(db)
    ensure_indexes(db, [*CUSTOMER_INDEXES, *PRODUCT_INDEXES, *SALES_INDEXES, *IMPORT_INDEXES])
    folder, nothing = Path("/opt/demo"), Progress.unwatched()
    service.import_file(WHO, folder / "customers.csv", Kind.CUSTOMERS, Options(), nothing)
    service.import_file(WHO, folder / "products.csv", Kind.PRODUCTS, Options(), nothing)
    checked, landed = _import(folder / "sales.csv", nothing)
    documents = list(db["sales"].find())
    controls = [_insert_plainly(documents) for _ in range(2)]
    db.client.drop_database(db.name)
    result = {
        "rows": len(documents),
        "check": checked,
        "land": landed,
        "control": sum(controls) / len(controls),
        "controls": controls,
    }
    print("RESULT " + json.dumps(result))


def _import(path: Path, progress: Progress) -> tuple[float, float]:
    """Seconds to upload and check, and seconds to land."""
    started = time.perf_counter()
    with path.open("rb") as stream:
        document = service.upload(WHO, stream, path.name, Kind.SALES)
    acting = {"user_id": WHO.user_id, "name": WHO.name, "email": "", "role": WHO.role.value}
    wanted = MappingInput(columns=document["mapping"], options=Options())
    changes = {"mapping": wanted.columns, "options": wanted.options.model_dump(mode="json")}
    store.move(document["_id"], [Status.MAPPING], Status.VALIDATING, changes, WHO.user_id)
    work.validate(progress, document["_id"], acting)
    checked = time.perf_counter()
    store.move(document["_id"], [Status.VALIDATED], Status.LANDING, {"landed_chunks": 0, "landed": {}}, WHO.user_id)
    work.land(progress, document["_id"], acting)
    return checked - started, time.perf_counter() - checked


def _insert_plainly(documents: list[dict[str, object]]) -> float:
    db = database()
    ensure_indexes(db, [Index("control", index.keys, index.unique, index.options) for index in SALES_INDEXES])
    started = time.perf_counter()
    for first in range(0, len(documents), BATCH):
        db["control"].insert_many(documents[first : first + BATCH], ordered=False)
    taken = time.perf_counter() - started
    db["control"].drop()
    return taken


main()
