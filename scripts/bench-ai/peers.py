"""Methods from PyPI on the same orange-juice rounds and hidden windows: `peers.py DATA OUT PEER...`, into OUT/peer-<name>.json.

Runs in a virtual environment of its own; of this repository it needs only the protocol (numpy).
"""

from __future__ import annotations

import json
import logging
import math
import resource
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ai.data.panel import Panel
from ai.evaluation.orange_juice import ORIGINS, SAMPLES, read_panel, run_rounds
from ai.evaluation.planted import PLANTED_WEEKS, plant
from ai.evaluation.scores import score

YEAR = 52
WEEKS = 8
FEWEST_BEFORE = 8  # weeks before a planted promotion that causal impact is fitted on


def filled(values: np.ndarray) -> np.ndarray:
    """Gaps take the value before; leading ones the first known."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return np.zeros(len(values))
    place = np.searchsorted(known, np.arange(len(values)), side="right") - 1
    return values[known[np.maximum(place, 0)]]


def regressors(known: Panel, row: int) -> np.ndarray:
    price = np.log(np.maximum(filled(known.price[row]), 1e-6))
    return np.stack([price - price.mean(), known.deal[row], known.feature[row]], axis=1)


def seasonal_naive(known: Panel, origin: int, targets: tuple[int, ...]) -> np.ndarray:
    return np.stack([known.units[:, target - YEAR] for target in targets], axis=1)


def per_series(fit: Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray], every: int = 1) -> Callable[..., np.ndarray]:
    """A forecaster that fits series alone: fit(log units, regressors so far, regressors to come, steps) -> log units.

    every: 4 asks every fourth series only; the others get no answer.
    """

    def forecast(known: Panel, origin: int, targets: tuple[int, ...]) -> np.ndarray:
        found = np.full((len(known.series), len(targets)), np.nan)
        steps = targets[-1] - origin
        for row in range(0, len(known.series), every):
            first = np.flatnonzero(np.isfinite(known.units[row]))
            if len(first) == 0 or origin - first[0] < 12:
                continue
            y = np.log(np.maximum(filled(known.units[row, first[0] : origin + 1]), 0.5))
            x = regressors(known, row)
            try:
                said = fit(y, x[first[0] : origin + 1], x[origin + 1 : origin + 1 + steps], steps)
            except Exception as error:  # noqa: BLE001 - a peer that fails on a series has no answer for it
                logging.debug("series %s: %s", row, error)
                continue
            found[row] = np.exp(np.asarray(said)[[target - origin - 1 for target in targets]])
        return found

    return forecast


def ets(y: np.ndarray, _x: np.ndarray, _ahead: np.ndarray, steps: int) -> np.ndarray:
    from statsforecast.models import AutoETS

    return np.asarray(AutoETS(season_length=1, model="ZZN").forecast(y=y, h=steps)["mean"])


def arima(y: np.ndarray, x: np.ndarray, ahead: np.ndarray, steps: int) -> np.ndarray:
    from statsforecast.models import ARIMA

    varied = x.std(axis=0) > 1e-6
    if not varied.any():
        return np.asarray(ARIMA(order=(1, 0, 1)).forecast(y=y, h=steps)["mean"])
    return np.asarray(ARIMA(order=(1, 0, 1)).forecast(y=y, h=steps, X=x[:, varied], X_future=ahead[:, varied])["mean"])


def plain_lightgbm(known: Panel, origin: int, targets: tuple[int, ...]) -> np.ndarray:
    """LightGBM as it comes: units from last weeks, price, deal, feature, ids and the week of the year."""
    import lightgbm

    products = {product: number for number, product in enumerate(known.products)}
    stores = {store: number for number, store in enumerate(known.customers)}
    ids = np.array([[products[product], stores[store]] for store, product in known.series], dtype=float)

    def table(start: int, target: int) -> np.ndarray:
        lags = [known.units[:, start - back] for back in range(4)]
        plan = [known.price[:, target], known.deal[:, target], known.feature[:, target]]
        season = [np.full(len(ids), float(target % YEAR)), np.full(len(ids), float(target - start))]
        return np.column_stack([*lags, *plan, *season, ids])

    parts, labels = [], []
    for start in range(4, origin):
        for horizon in (2, 3):
            if start + horizon <= origin:
                sold = np.isfinite(known.units[:, start + horizon])
                parts.append(table(start, start + horizon)[sold])
                labels.append(known.units[sold, start + horizon])
    data = lightgbm.Dataset(np.concatenate(parts), np.concatenate(labels))
    model = lightgbm.train({"verbose": -1, "num_threads": 1}, data)
    return np.stack([np.maximum(np.asarray(model.predict(table(origin, target))), 0.0) for target in targets], axis=1)


def prophet_fit(y: np.ndarray, x: np.ndarray, dates: Any, ahead: np.ndarray, later: Any) -> np.ndarray:
    import pandas
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True
    names = ["price", "deal", "feature"]
    model = Prophet(weekly_seasonality=False, daily_seasonality=False, yearly_seasonality=4, uncertainty_samples=0)
    for name in names:
        model.add_regressor(name)
    past = pandas.DataFrame({"ds": dates, "y": y} | {name: x[:, n] for n, name in enumerate(names)})
    future = pandas.DataFrame({"ds": later} | {name: ahead[:, n] for n, name in enumerate(names)})
    return np.asarray(model.fit(past).predict(future)["yhat"])


def week_dates(weeks: np.ndarray) -> Any:
    import pandas

    return pandas.Timestamp("1970-01-05") + pandas.to_timedelta(7 * weeks, unit="D")


def prophet_rounds(known: Panel, origin: int, targets: tuple[int, ...]) -> np.ndarray:
    found = np.full((len(known.series), len(targets)), np.nan)
    for row in range(0, len(known.series), SAMPLES["prophet"][0]):
        weeks = np.flatnonzero(np.isfinite(known.units[row, : origin + 1]))
        if len(weeks) < 30:
            continue
        x, later = regressors(known, row), np.array(targets)
        y = np.log(np.maximum(known.units[row, weeks], 0.5))
        said = prophet_fit(y, x[weeks], week_dates(known.first_week + weeks), x[later], week_dates(known.first_week + later))
        found[row] = np.exp(said)
    return found


ROUNDS: dict[str, tuple[Callable[..., np.ndarray], tuple[int, ...]]] = {
    "seasonal-naive": (seasonal_naive, ORIGINS),
    "ets": (per_series(ets), ORIGINS),
    "arima": (per_series(arima, SAMPLES["arima"][0]), SAMPLES["arima"][1]),
    "lightgbm": (plain_lightgbm, ORIGINS),
    "prophet": (prophet_rounds, SAMPLES["prophet"][1]),
}


def window_mean_of_4(panel: Panel, row: int, week: int) -> np.ndarray:
    quiet = np.flatnonzero(panel.quiet[row, :week])[-4:]
    return np.full(WEEKS, panel.units[row, quiet].mean() if len(quiet) else np.nan)


def window_seasonal_naive(panel: Panel, row: int, week: int) -> np.ndarray:
    return panel.units[row, week - YEAR : week - YEAR + WEEKS] if week >= YEAR else np.full(WEEKS, np.nan)


def window_ets(panel: Panel, row: int, week: int) -> np.ndarray:
    quiet = np.where(panel.quiet[row, :week], panel.units[row, :week], np.nan)
    return np.exp(ets(np.log(np.maximum(filled(quiet), 0.5)), np.zeros(0), np.zeros(0), WEEKS))


def window_prophet(panel: Panel, row: int, week: int) -> np.ndarray:
    hidden = np.zeros(panel.weeks, dtype=bool)
    hidden[week : week + WEEKS] = True
    weeks, later = np.flatnonzero(panel.known[row] & ~hidden), np.arange(week, week + WEEKS)
    x, y = regressors(panel, row), np.log(np.maximum(panel.units[row, weeks], 0.5))
    first = panel.first_week
    return np.exp(prophet_fit(y, x[weeks], week_dates(first + weeks), x[later], week_dates(first + later)))


def window_state_space(panel: Panel, row: int, week: int) -> np.ndarray:
    """Causal impact as its authors describe it: local level with regressors, fitted before the window, carried through it."""
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    x = regressors(panel, row)
    others = [other for other, (store, _) in enumerate(panel.series) if store == panel.series[row][0] and other != row]
    control = np.log(np.maximum(np.nansum(panel.units[others], axis=0), 1.0))
    x = np.column_stack([x, control - control[:week].mean()])
    x = x[:, x[:week].std(axis=0) > 1e-6]
    y = np.where(panel.known[row, :week], np.log(np.maximum(panel.units[row, :week], 0.5)), np.nan)
    fitted = UnobservedComponents(y, "llevel", exog=x[:week]).fit(disp=False, maxiter=50)
    return np.exp(np.asarray(fitted.forecast(WEEKS, exog=x[week : week + WEEKS])))


WINDOWS: dict[str, Callable[[Panel, int, int], np.ndarray]] = {
    "mean-of-4": window_mean_of_4,
    "seasonal-naive": window_seasonal_naive,
    "ets": window_ets,
    "prophet": window_prophet,
    "state-space": window_state_space,
}


def planted_mean_of_4(panel: Panel, rows: list[int], week: int, weeks: int) -> float:
    """Each store's mean of its last four quiet weeks, added up."""
    quiet = (np.flatnonzero(panel.quiet[row, :week])[-4:] for row in rows)
    return float(sum(weeks * panel.units[row, before].mean() for row, before in zip(rows, quiet, strict=True) if len(before)))


def together(panel: Panel, rows: list[int], window: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log units of the stores' sum, and its regressors as they would be in the `window` weeks without the promotion."""
    stores = {panel.series[row][0] for row in rows}
    others = [row for row, (store, _) in enumerate(panel.series) if store in stores and row not in set(rows)]
    units = sum(filled(np.where(window, np.nan, panel.units[row])) for row in rows)
    control = np.log(np.maximum(np.nansum(panel.units[others], axis=0), 1.0))
    shelf = np.where(window, panel.price_regular[rows], panel.price[rows])
    price = np.log(np.maximum(filled(np.nanmean(shelf, axis=0)), 1e-6))
    flags = [np.where(window, 0.0, np.nan_to_num(getattr(panel, name)[rows]).mean(axis=0)) for name in ("deal", "feature")]
    x = np.stack([price - price.mean(), *flags, control - control.mean()], axis=1)
    return np.log(np.maximum(units, 0.5)), x


def planted_state_space(panel: Panel, rows: list[int], week: int, weeks: int) -> float:
    """Causal impact: local level with regressors on the stores' sum before the promotion, carried through it.

    NaN, no answer, where too few weeks lie before the promotion.
    """
    if week < FEWEST_BEFORE:
        return math.nan
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    window = (np.arange(panel.weeks) >= week) & (np.arange(panel.weeks) < week + weeks)
    y, x = together(panel, rows, window)
    x = x[:, x[:week].std(axis=0) > 1e-6]
    fitted = UnobservedComponents(y[:week], "llevel", exog=x[:week]).fit(disp=False, maxiter=50)
    return float(np.exp(np.asarray(fitted.forecast(weeks, exog=x[week : week + weeks]))).sum())


def planted_prophet(panel: Panel, rows: list[int], week: int, weeks: int) -> float:
    """Prophet on the stores' sum, on both sides of the promotion."""
    columns = np.arange(panel.weeks)
    window = (columns >= week) & (columns < week + weeks)
    y, x = together(panel, rows, window)
    dates = week_dates(panel.first_week + columns)
    return float(np.exp(prophet_fit(y[~window], x[~window, :3], dates[~window], x[window, :3], dates[window])).sum())


PLANTED: dict[str, Callable[[Panel, list[int], int, int], float]] = {
    "mean-of-4": planted_mean_of_4,
    "state-space": planted_state_space,
    "prophet": planted_prophet,
}


def planted(panel: Panel, name: str, out: Path) -> dict[str, Any]:
    """Errors of the incremental units of the promotions that our own model was asked to find, each as it takes a week apart."""
    asked, found = json.loads((out / "planted.json").read_text()), {}
    for label, planting in asked["planted"].items():
        errors, wanted, said = [], 0.0, 0.0
        for windows in asked["windows"].values():
            changed = plant(panel, windows, planting["uplift"], planting["dip"])
            of_seed = []
            for product, week, stores in windows:
                rows = [panel.index[(store, product)] for store in stores]
                cells = np.ix_(rows, np.arange(week, week + PLANTED_WEEKS))
                truth = float((changed.units[cells] - panel.units[cells]).sum())
                incremental = float(changed.units[cells].sum()) - PLANTED[name](changed, rows, week, PLANTED_WEEKS)
                if math.isfinite(incremental):  # the others are not held against it
                    of_seed.append(abs(incremental / truth - 1))
                    wanted, said = wanted + truth, said + incremental
            errors.append(float(np.median(of_seed)))
        found[label] = {"median_absolute_error": float(np.mean(errors)), "found_uplift": said / wanted * (planting["uplift"] - 1)}
    return {"planted": found}


def rounds(panel: Panel, name: str) -> dict[str, Any]:
    forecast, origins = ROUNDS[name]
    answers = run_rounds(panel, forecast, origins)
    return {"asked": len(answers.actual), "origins": list(origins)} | asdict(score(answers.actual, answers.predicted))


def windows(panel: Panel, name: str, out: Path) -> dict[str, Any]:
    """Errors per series and week, and of the sum of the stores, on the windows that our own model was asked for."""
    listed = json.loads((out / "windows.json").read_text())["windows"]
    actual, said, together = [], [], []
    for window in listed:
        week = window["week"]
        sold = panel.units[window["series"], week : week + WEEKS]
        found = np.stack([WINDOWS[name](panel, row, week) for row in window["series"]])
        actual.append(sold.ravel())
        said.append(found.ravel())
        both = np.isfinite(found)
        together.append((np.where(both, sold, 0).sum(axis=0), np.where(both, found, 0).sum(axis=0)))
    single = score(np.concatenate(actual), np.concatenate(said))
    chain = score(np.concatenate([one for one, _ in together]), np.concatenate([other for _, other in together]))
    return {"single": asdict(single), "chain": asdict(chain)}


def measured(panel: Panel, name: str, out: Path) -> dict[str, Any]:
    """name: a method of the rounds, or `windows-` or `planted-` and a method of those."""
    kind, _, method = name.partition("-")
    if kind == "windows":
        return windows(panel, method, out)
    if kind == "planted":
        return planted(panel, method, out)
    return rounds(panel, name)


def main() -> int:
    data, out, names = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]
    warnings.simplefilter("ignore")
    for noisy in ("cmdstanpy", "prophet"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    panel = read_panel(data)
    for name in names:
        print(f"peer {name}", file=sys.stderr, flush=True)
        began = time.process_time()
        found = measured(panel, name, out)
        found |= {
            "cpu_seconds": round(time.process_time() - began, 1),
            "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }
        (out / f"peer-{name}.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
