"""The training process: `python -m ai.registry.train --job ID --source pos`. Leaves the old model serving until done."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime

import structlog

from ai.data.connection import connect
from ai.data.panel import Panel, PanelTooLarge, build_panel
from ai.data.sales_reader import read_customers, read_products, read_sales
from ai.data.weeks import monday_of
from ai.models.forecast import ForecastModel, TooShort, fit_forecast
from ai.models.training import TooLittleData, train_model
from ai.registry.jobs import JobFiles, JobState, now
from ai.registry.judge import held_back
from ai.registry.manifest import Registry
from ai.registry.process import Kind, run
from ai.registry.same_weeks import same_weeks
from ai.registry.storage import StoredModel, pack
from ai.settings import Settings

log = structlog.get_logger(__name__)
LOWER_PRIORITY = 19
THREADS = 1  # the other core answers people; the fit comes out the same with any number
BASELINE_SHARE = 0.4  # of the progress that is shown


def train(settings: Settings, files: JobFiles, state: JobState) -> JobState:
    """Reads, fits, measures, writes; returns the finished state. Raises TooLittleData, PanelTooLarge."""

    def progress(share: float, step: str) -> None:
        files.save(replace(state, progress=share, step=step))

    progress(0.02, "reading sales")
    database = connect(settings)
    customers, products = read_customers(database), read_products(database)
    panel = build_panel(read_sales(database, state.source), customers, products)
    if panel is None:
        raise TooLittleData(f"there are no sales of source '{state.source}'; import some first")
    model = train_model(panel, lambda share, step: progress(share * BASELINE_SHARE, step))
    forecast = _forecast(panel, progress)
    progress(0.98, "writing the model")
    registry, stored = Registry(settings.models_dir), pack(model, panel, forecast)
    worse = _held_back(registry, state.source, panel, forecast, stored)
    entry = registry.add(
        stored,
        key=f"mdl_{datetime.now(UTC):%Y%m%d%H%M%S%f}",
        source=state.source,
        fitted_at=now(),
        rows=panel.rows,
        window=(monday_of(panel.first_week).isoformat(), monday_of(panel.last_week).isoformat()),
        serve=worse is None,
    )
    log.info("training_done", job=state.id, model=entry.id, rows=entry.rows, held_back=worse)
    step = f"kept beside the model that serves: {worse}" if worse else "done"
    return replace(state, status="done", progress=1.0, step=step, finished_at=now(), model=entry.id, held_back=worse)


def _held_back(
    registry: Registry, source: str, panel: Panel, forecast: ForecastModel | None, stored: StoredModel
) -> str | None:  # fmt: skip
    """Why the new model may not take over from the one that serves; None when it may, or when none can be read."""
    loaded = registry.load(source)
    if loaded is None:
        return None
    entry, serving = loaded
    same = same_weeks(panel, forecast.back_test if forecast else None, serving)
    log.info("compared", serving=entry.id, same=None if same is None else asdict(same))
    return held_back(stored.facts["metrics"], panel.rows, entry.metrics, entry.rows, same)


def _forecast(panel: Panel, progress: Callable[[float, str], None]) -> ForecastModel | None:
    """The forecast's model, or None where the sales are too short for one: the baseline still serves."""
    step = "learning to forecast"
    progress(BASELINE_SHARE, step)
    try:
        return fit_forecast(
            panel,
            threads=THREADS,
            progress=lambda share: progress(BASELINE_SHARE + (0.97 - BASELINE_SHARE) * share, step),
        )
    except TooShort as error:
        log.warning("no_forecast", reason=str(error))
        return None


TRAINING = Kind("training", nice=LOWER_PRIORITY, refusals=(TooLittleData, PanelTooLarge))


def main(argv: list[str] | None = None) -> int:
    return run(TRAINING, train, argv, __doc__)


if __name__ == "__main__":
    sys.exit(main())
