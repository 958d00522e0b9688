"""Writes the answers that the application's tests stand on, as this service gives them on the invented market of the tests.

Run it when an answer's shape or figures change: .venv/bin/python -m tests.unit.ai.record_answers
"""

import json
import tempfile
from pathlib import Path
from typing import Any

from ai.data.panel import Panel, build_panel
from ai.main import create_app
from ai.models import trees
from ai.models.forecast import fit_forecast
from ai.models.training import train_model
from ai.registry.manifest import Registry
from ai.registry.storage import pack
from ai.settings import Settings

from .conftest import market, places
from .test_planning_endpoints import day, draft
from .test_recorded_answers import ANSWERS
from .test_service import documents_of

_EVENTS = tuple((product, week, cut) for product in ("prd_a", "prd_b") for week in (2, 3, 4) for cut in (0.15, 0.25))


def questions(panel: Panel) -> dict[str, dict[str, Any]]:
    """What is asked of each endpoint; the names are those of the files."""
    events = [
        draft(panel, id=f"e{number}", product_ids=[product], start=day(panel, week), end=day(panel, week + 1, 6), cut=cut,
              funding_share=0.3)
        for number, (product, week, cut) in enumerate(_EVENTS, start=1)
    ]  # fmt: skip
    return {
        "simulate": draft(panel, funding_share=1.0, costs={"fixed": "100"}),
        "elasticity": {},
        "response": {"product_id": "prd_a", "customer_ids": ["cus_chain"]},
        "optimise": {"candidates": events, "budget": "1500", "weeks_between": 2},
    }


def main() -> None:
    panel = build_panel(market(), *places())
    assert panel is not None
    trees.ROUNDS = 20
    stored = pack(train_model(panel), panel, fit_forecast(panel, (1, 2, 4)))
    stored.facts["metrics"] = {}
    with tempfile.TemporaryDirectory() as folder:
        Registry(Path(folder)).add(
            stored, key="mdl_1", source="pos", fitted_at="2024-01-01T00:00:00+00:00", rows=panel.rows,
            window=("2023-01-02", "2024-08-05"),
        )  # fmt: skip
        client = create_app(Settings(models_dir=Path(folder)), documents_of(panel)).test_client()  # type: ignore[arg-type]
        for name, asked in questions(panel).items():
            answer = client.post(f"/v1/{name}", json=asked)
            assert answer.status_code == 200, answer.get_json()
            (ANSWERS / f"{name}.json").write_text(json.dumps(answer.get_json(), indent=1) + "\n")


if __name__ == "__main__":
    main()
