"""The evaluation process: `python -m ai.retrospect.run --job ID --source pos`. Hides the newest weeks, keeps what it found."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import structlog

from ai.data.connection import connect
from ai.data.panel import Panel, PanelTooLarge, build_panel
from ai.data.sales_reader import read_customers, read_products, read_sales
from ai.data.weeks import monday_of
from ai.models.forecast import TooShort
from ai.registry.jobs import JobFiles, JobState, now
from ai.registry.manifest import Registry
from ai.registry.process import Kind, run
from ai.retrospect.kept import FOLDER, Report, errors_as_facts, leads_as_facts, save
from ai.retrospect.look_back import HIDDEN_WEEKS, Errors, Said, errors_of, hidden_weeks
from ai.retrospect.sums import shared_of, summed
from ai.settings import Settings

log = structlog.get_logger(__name__)
LOWER_PRIORITY = 12


def evaluate(settings: Settings, files: JobFiles, state: JobState) -> JobState:
    """Reads, hides, forecasts, compares; returns the finished state. Raises TooShort, PanelTooLarge."""

    def progress(share: float, step: str) -> None:
        files.save(replace(state, progress=round(share, 3), step=step))

    progress(0.02, "reading sales")
    database = connect(settings)
    panel = build_panel(read_sales(database, state.source), read_customers(database), read_products(database))
    if panel is None:
        raise TooShort(f"there are no sales of source '{state.source}'; import some first")
    said = hidden_weeks(
        panel, HIDDEN_WEEKS, progress=lambda share: progress(0.05 + 0.9 * share, "forecasting weeks that it has not seen")
    )
    serving = Registry(settings.models_dir).current(state.source)
    report = report_of(panel, said, serving.id if serving else "", state.source, serving.metrics if serving else {})
    save(settings.models_dir, report, said)
    log.info("evaluation_done", job=state.id, model=report.model)
    return replace(state, status="done", progress=1.0, step="done", finished_at=now(), model=report.model or None)


def report_of(panel: Panel, said: Said, model: str, source: str, metrics: dict[str, object]) -> Report:
    """The look back in figures: of single series, for each lead, and of whole products at whole retailers."""
    shared = shared_of(metrics)
    return Report(
        model=model,
        source=source,
        at=now(),
        start=monday_of(int(said.weeks[0])).isoformat(),
        end=monday_of(int(said.weeks[-1])).isoformat(),
        shared=shared,
        all=errors_as_facts(errors_of(said)),
        leads=leads_as_facts(said),
        chain=errors_as_facts(chain_errors(panel, said, shared)),
    )


def chain_errors(panel: Panel, said: Said, shared: float) -> Errors | None:
    """Errors of each product's sum over each retailer's stores that sold in the week, and of its summed bands."""
    groups: dict[tuple[str, str], list[int]] = {}
    for number, (customer, product) in enumerate(said.series):
        node = panel.customers.get(customer)
        groups.setdefault((node.chain_id if node else customer, product), []).append(number)
    rows = [chain_of(said, np.array(members), shared) for members in groups.values()]
    joined = Said(
        series=list(groups),
        weeks=said.weeks,
        actual=np.stack([row.actual[0] for row in rows]),
        mean=np.concatenate([row.mean for row in rows], axis=1),
        mape=np.concatenate([row.mape for row in rows], axis=1),
        quantiles=np.concatenate([row.quantiles for row in rows], axis=1),
        leads=said.leads,
    )
    return errors_of(joined)


def chain_of(said: Said, members: np.ndarray, shared: float) -> Said:
    """The series `members` as one: in each week the sum of those that sold and of whom something was said."""
    product_of = [said.series[number][1] for number in members]
    product = np.array([sorted(set(product_of)).index(one) for one in product_of])
    shape = (len(said.leads), 1, len(said.weeks))
    mean, mape, quantiles = np.full(shape, np.nan), np.full(shape, np.nan), np.full((*shape, 7), np.nan)
    actual = np.full((1, len(said.weeks)), np.nan)
    for week in range(len(said.weeks)):
        known = np.isfinite(said.actual[members, week]) & np.isfinite(said.mean[:, members, week]).all(axis=0)
        chosen = members[known]
        if not len(chosen):
            continue
        actual[0, week] = said.actual[chosen, week].sum()
        for lead in range(len(said.leads)):
            means = said.mean[lead, chosen, week][:, None]
            found = summed(means, means, said.quantiles[lead, chosen, week][:, None], product[known], shared)
            mean[lead, 0, week], quantiles[lead, 0, week] = found.units[0], found.quantiles[0]
            mape[lead, 0, week] = said.mape[lead, chosen, week].sum()
    return Said([("", "")], said.weeks, actual, mean, mape, quantiles, said.leads)


EVALUATION = Kind("evaluation", nice=LOWER_PRIORITY, refusals=(TooShort, PanelTooLarge), folder=FOLDER)


def main(argv: list[str] | None = None) -> int:
    return run(EVALUATION, evaluate, argv, __doc__)


if __name__ == "__main__":
    sys.exit(main())
