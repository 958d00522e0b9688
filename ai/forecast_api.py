"""HTTP of forecasts: which series, which weeks, what is planned; what the model says, who stands in, what is refused."""

from __future__ import annotations

import numpy as np
from flask import Response

from ai.data.panel import Panel
from ai.data.plan import PlannedEvent
from ai.data.weeks import covered_weeks, monday_of
from ai.exchange import answer, blueprint, known_ids, model_info, parts, read_body
from ai.grounds import far_ahead
from ai.models.book import MOST_WEEKS_AHEAD, Book
from ai.models.forecast import Forecast
from ai.planning_schemas import (
    ForecastAnswer,
    ForecastRequest,
    ForecastSeries,
    ForecastTotal,
    ForecastWeek,
    PlannedWeeks,
    Refusal,
)
from ai.problems import Invalid
from ai.retrospect.sums import Summed, shared_of, summed
from ai.wording import week_text

MOST_FORECAST_CELLS = 60_000  # each is an object of the answer
MOST_SUMMED_CELLS = 1_200_000  # of a sum, which is worked out on arrays
_MOST_REFUSALS = 1_000
_NOT_SEEN = "the model has not seen it; train it again once it has sold"


@blueprint.post("/forecast")
def forecast() -> Response:
    """Units of planned weeks by customer, product and week: mean, median or smallest percentage error, with bands."""
    asked = read_body(ForecastRequest)
    ready = parts().serving.ready(asked.source)
    book = ready.book()
    panel = book.panel
    known_ids(panel, "", asked.customer_ids, asked.product_ids)
    for number, planned in enumerate(asked.plan):
        known_ids(panel, f"plan.{number}.", planned.customer_ids, planned.product_ids)
    weeks = weeks_ahead(panel, covered_weeks(asked.start, asked.end), "from", "to")
    pairs, missing = _pairs(panel, asked)
    alone = asked.detail == "total" and not missing  # no series has to be told, nor put together from others
    _not_too_many((len(pairs) + len(missing)) * len(weeks), MOST_SUMMED_CELLS if alone else MOST_FORECAST_CELLS)
    series = np.array([panel.index[pair] for pair in pairs], dtype=int)
    stand_ins = np.array(sorted({number for pair in missing for number in _others(panel, *pair)} | set(series)), dtype=int)
    found_series: list[ForecastSeries] = []
    refused: list[Refusal] = []
    total: ForecastTotal | None = None
    if len(stand_ins):
        prices, found = book.forecast(stand_ins, weeks, [_event(panel, planned) for planned in asked.plan])
        place = {int(number): row for row, number in enumerate(stand_ins)}
        if alone:
            total, refused = _summed_up(panel, found, stand_ins, weeks, asked.objective, shared_of(ready.entry.metrics))

        def collect(objective: str, answered: list[ForecastSeries], declined: list[Refusal]) -> None:
            for number in series:
                _add_series(panel, prices, found, place, int(number), weeks, objective, answered, declined)
            for pair in missing:
                _add_stand_in(panel, found, place, pair, weeks, objective, answered, declined)

        if not alone:
            collect(asked.objective, found_series, refused)
        if asked.detail == "total" and found_series:
            means = found_series
            if asked.objective != "mean":
                means = []
                collect("mean", means, [])
            total = total_of(panel, found_series, means, shared_of(ready.entry.metrics), asked.objective)
    else:
        refused = [Refusal(customer_id=c, product_id=p, reason="nothing like it has sold here yet") for c, p in missing]
    return answer(
        ForecastAnswer(
            model=model_info(ready.entry),
            objective=asked.objective,
            series=found_series if asked.detail == "series" else [],
            total=total,
            refused=refused[:_MOST_REFUSALS],
            warnings=_warnings(book, weeks) + _unseen_plan(panel, asked.plan),
        )
    )


def _summed_up(
    panel: Panel, found: Forecast, series: np.ndarray, weeks: list[int], objective: str, shared: float
) -> tuple[ForecastTotal | None, list[Refusal]]:
    """The sum of all series that the model knows, and those it does not; see total_of."""
    seen = np.isfinite(found.mean).all(axis=1)
    refused = [
        Refusal(customer_id=panel.series[number][0], product_id=panel.series[number][1], reason=_NOT_SEEN)
        for number in series[~seen][:_MOST_REFUSALS]
    ]
    if not seen.any():
        return None, refused
    points = {"mean": found.mean, "median": found.median, "mape": found.mape}[objective][seen]
    numbers: dict[str, int] = {}
    products = np.array([numbers.setdefault(panel.series[number][1], len(numbers)) for number in series[seen]])
    together = summed(points, found.mean[seen], found.quantiles[seen], products, shared)
    return _total(panel, together, len(points), weeks, objective), refused


def _total(panel: Panel, found: Summed, series: int, weeks: list[int], objective: str) -> ForecastTotal:
    middle = found.quantiles.shape[-1] // 2
    units = found.units if objective == "mean" or series == 1 else found.quantiles[:, middle]
    told = [_week(panel, number, float(units[t]), found.quantiles[t], float("nan")) for t, number in enumerate(weeks)]
    return ForecastTotal(series=series, weeks=told)


def total_of(
    panel: Panel, points: list[ForecastSeries], means: list[ForecastSeries], shared: float, objective: str
) -> ForecastTotal:
    """The sum of the series with bands of the sum; both lists hold the same series, by what was asked for and by the mean.

    Means add up. Medians do not: skewed amounts that each lie below their mean would add up to less than the band of the sum
    begins with, so of several series the units are the median of the sum.
    """
    ends = ("lo95", "lo80", "lo50", "median", "hi50", "hi80", "hi95")
    quantiles = np.array([[[getattr(week, end) for end in ends] for week in one.weeks] for one in points])
    products = {one.product_id: number for number, one in enumerate(points)}
    found = summed(
        np.array([[week.units for week in one.weeks] for one in points]),
        np.array([[week.units for week in one.weeks] for one in means]),
        quantiles,
        np.array([products[one.product_id] for one in points]),
        shared,
    )
    weeks = [week.horizon + panel.last_week for week in points[0].weeks]
    return _total(panel, found, len(points), weeks, objective)


def weeks_ahead(panel: Panel, covered: tuple[int, int], first_field: str, last_field: str) -> list[int]:
    """The week numbers asked for; raises Invalid when they are not all after the sales and near enough."""
    first, last = covered
    if first <= panel.last_week:
        known = week_text(panel.last_week)
        message = f"sales are known up to the week of {known}; ask for later weeks"
        raise Invalid("The weeks must lie after the sales", [{"field": first_field, "message": message}])
    if last > panel.last_week + MOST_WEEKS_AHEAD:
        end = week_text(panel.last_week + MOST_WEEKS_AHEAD)
        message = f"at most {MOST_WEEKS_AHEAD} weeks after the sales can be forecast, so until the week of {end}"
        raise Invalid("The weeks lie too far ahead", [{"field": last_field, "message": message}])
    return list(range(first, last + 1))


def _not_too_many(cells: int, most: int) -> None:
    if cells > most:
        raise Invalid(
            f"{cells:,} values are more than {most:,}; ask for fewer customers, products or weeks",
            [{"field": "customer_ids", "message": "too many together with the weeks asked for"}],
        )


def _pairs(panel: Panel, asked: ForecastRequest) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Pairs that have sold, and pairs asked for by both ids that never did."""
    customers = set(panel.stores_under(asked.customer_ids)) | set(asked.customer_ids)
    products = set(asked.product_ids)
    sold = [(c, p) for c, p in panel.series if (not customers or c in customers) and (not products or p in products)]
    parents = {step for node in panel.customers.values() for step in node.path if step != node.id}
    leaves = sorted(customer for customer in customers if customer not in parents)
    _not_too_many(len(leaves) * len(products), MOST_FORECAST_CELLS)
    have = set(sold)
    return sold, [(c, p) for c in leaves for p in asked.product_ids if (c, p) not in have]


def _event(panel: Panel, planned: PlannedWeeks) -> PlannedEvent:
    customers = set(panel.stores_under(planned.customer_ids)) | set(planned.customer_ids)
    products = set(planned.product_ids)
    chosen = [n for n, (c, p) in enumerate(panel.series) if p in products and (not customers or c in customers)]
    first, last = covered_weeks(planned.start, planned.end)
    price = None if planned.price is None else float(planned.price)
    return PlannedEvent(
        np.array(chosen, dtype=int), first, last, price, planned.cut, planned.deal, planned.feature, planned.display
    )


def _add_series(
    panel: Panel, prices: np.ndarray, found: Forecast, place: dict[int, int], number: int, weeks: list[int], objective: str,
    answered: list[ForecastSeries], refused: list[Refusal],
) -> None:  # fmt: skip
    customer_id, product_id = panel.series[number]
    row = place[number]
    if not np.isfinite(found.mean[row]).all():
        refused.append(Refusal(customer_id=customer_id, product_id=product_id, reason=_NOT_SEEN))
        return
    points = {"mean": found.mean, "median": found.median, "mape": found.mape}[objective][row]
    answered.append(
        ForecastSeries(
            customer_id=customer_id,
            product_id=product_id,
            basis="model",
            weeks=[
                _week(panel, week, float(points[t]), found.quantiles[row, t], float(prices[row, t]))
                for t, week in enumerate(weeks)
            ],
        )
    )


def _week(panel: Panel, week: int, units: float, quantiles: np.ndarray, price: float) -> ForecastWeek:
    lo95, lo80, lo50, median, hi50, hi80, hi95 = (round(float(value), 2) for value in quantiles)
    return ForecastWeek(
        week=monday_of(week), horizon=week - panel.last_week, units=round(units, 2), median=median,
        lo50=lo50, hi50=hi50, lo80=lo80, hi80=hi80, lo95=lo95, hi95=hi95,
        price=round(price, 4) if np.isfinite(price) else None,
    )  # fmt: skip


def _others(panel: Panel, customer_id: str, product_id: str) -> list[int]:
    """Series of the product at other customers of the same retailer."""
    known = panel.customers.get(customer_id)
    chain = known.chain_id if known else customer_id
    return [
        number
        for number, (other, product) in enumerate(panel.series)
        if product == product_id and (panel.customers[other].chain_id if other in panel.customers else other) == chain
    ]


def _size(panel: Panel, customer_id: str) -> float:
    """Units a week of all products in the last half year; NaN for a customer that never sold."""
    rows = [number for number, (customer, _) in enumerate(panel.series) if customer == customer_id]
    return float(np.nansum(panel.units[rows, -26:])) if rows else float("nan")


def _add_stand_in(
    panel: Panel, found: Forecast, place: dict[int, int], pair: tuple[str, str], weeks: list[int], objective: str,
    answered: list[ForecastSeries], refused: list[Refusal],
) -> None:  # fmt: skip
    """Other customers of the retailer, scaled to this one's size; the band is that of a customer drawn among them."""
    customer_id, product_id = pair
    others = [number for number in _others(panel, *pair) if np.isfinite(found.mean[place[number]]).all()]
    if not others:
        reason = "neither this customer nor another of the retailer has sold it, so there is nothing to forecast from"
        refused.append(Refusal(customer_id=customer_id, product_id=product_id, reason=reason))
        return
    rows = [place[number] for number in others]
    sizes = np.array([_size(panel, panel.series[number][0]) for number in others])
    own = _size(panel, customer_id)
    ratio = own / np.maximum(sizes, 1e-9) if np.isfinite(own) and own > 0 else np.ones(len(rows))
    ratio = np.clip(ratio, 0.05, 20.0)[:, None]
    points = {"mean": found.mean, "median": found.median, "mape": found.mape}[objective][rows] * ratio
    pool = found.quantiles[rows] * ratio[..., None]
    probabilities = (0.025, 0.10, 0.25, 0.50, 0.75, 0.90, 0.975)
    bands = [np.quantile(pool[:, t].ravel(), probabilities) for t in range(len(weeks))]
    answered.append(
        ForecastSeries(
            customer_id=customer_id,
            product_id=product_id,
            basis="other_customers",
            weeks=[_week(panel, week, float(points[:, t].mean()), bands[t], float("nan")) for t, week in enumerate(weeks)],
        )
    )


def _unseen_plan(panel: Panel, plan: list[PlannedWeeks]) -> list[str]:
    """Support that no sale of any product ever had: a forecast cannot learn what it does."""
    words = {"deal": "a deal", "feature": "an advertisement", "display": "a display"}
    return [
        f"no sale ever had {words[name]}: the forecast has not learned what one does"
        for name in words
        if any(getattr(planned, name) > 0 for planned in plan) and not (getattr(panel, name) > 0).any()
    ]


def _warnings(book: Book, weeks: list[int]) -> list[str]:
    warnings = far_ahead(book, weeks[-1])
    if book.panel.last_week - (book.panel.first_week + book.bound.model.members.last) > 8:
        warnings.append("the model has not seen the latest sales; train it again")
    if not book.bound.model.spread.tried:
        warnings.append("the sales are too short to try the model on the past, so the bands are a guess")
    return warnings
