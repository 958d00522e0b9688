"""What will sell, and how near it would have come: questions in the trade's words, put to the AI service."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from app.access.models import Permission, Principal
from app.access.permissions import require
from app.trade.forecasts.client import ForecastsClient
from app.trade.forecasts.models import AccuracyAsked, ForecastAsked, PartAsked
from app.trade.products.store import nodes as products
from app.trade.sales.part import asked_with_our_names, newest_day, part_of_sales

# Fields of the AI service by their beginning, and the name of the page's.
_MOST_SKUS = 200  # of one entry of a plan, as many as the AI service takes
_FIELDS = {
    "customer_ids": "customer",
    "product_ids": "product",
    "plan.0.product_ids": "product",
    "plan.0.customer_ids": "customer",
    "plan.0.price": "price",
    "plan.0.cut": "cut",
    "from": "weeks",
    "to": "weeks",
}
open_client: Callable[[], ForecastsClient] = ForecastsClient


def forecast(who: Principal, asked: ForecastAsked) -> dict[str, Any]:
    """Weeks with units and bands of the sum, `total_units`, `series`, `refused`, `warnings`, `model`. Raises Invalid, NoModel,
    NoForecast, NoSales, Unavailable."""
    require(who, Permission.AI_READ)
    first = first_week(who, asked)
    part = _part(asked)
    question = {
        **part,
        "from": first.isoformat(),
        "to": (first + timedelta(weeks=asked.weeks, days=-1)).isoformat(),
        "plan": _plan(asked, part, first) if asked.planned else [],
    }
    with open_client() as ai:
        answer = asked_with_our_names(lambda: ai.forecast(question), _FIELDS)
    total = answer["total"] or {"series": 0, "weeks": []}
    return {
        "model": answer["model"],
        "objective": answer["objective"],
        "series": total["series"],
        "total_units": round(sum(week["units"] for week in total["weeks"]), 2),
        "weeks": [{name: value for name, value in week.items() if name != "price"} for week in total["weeks"]],
        "refused": answer["refused"],
        "warnings": answer["warnings"],
    }


def accuracy(who: Principal, asked: AccuracyAsked) -> dict[str, Any]:
    """Weeks with what was sold and what would have been forecast, and the errors. Raises NoEvaluation, NotFound, Invalid."""
    require(who, Permission.AI_READ)
    with open_client() as ai:
        answer = asked_with_our_names(lambda: ai.accuracy({**_part(asked), "lead": asked.lead}), _FIELDS)
    names = ("objective", "lead", "series", "wmape", "bias", "coverage80", "weeks")
    return {"protocol": answer["look_back"]["protocol"], **{name: answer[name] for name in names}}


def first_week(who: Principal, asked: PartAsked) -> date:
    """The Monday after the newest sales. Raises NoSales."""
    newest = newest_day(who, asked.source)
    return newest - timedelta(days=newest.weekday()) + timedelta(weeks=1)


def _part(asked: PartAsked) -> dict[str, Any]:
    """The part with what the forecast aims at. Raises Invalid for customers and products that do not exist."""
    part = part_of_sales([asked.customer] if asked.customer else [], asked.product, asked.source)
    return {**part, "objective": asked.objective}


def _plan(asked: ForecastAsked, part: dict[str, Any], first: date) -> list[dict[str, Any]]:
    """The plan for every SKU of the part; in several entries where they are more than one holds."""
    start, end = asked.planned_weeks
    skus = part["product_ids"] or sorted(products.collection().distinct("_id", {"level": "sku"}))
    planned = {
        "customer_ids": part["customer_ids"],
        "start": (first + timedelta(weeks=start - 1)).isoformat(),
        "end": (first + timedelta(weeks=end, days=-1)).isoformat(),
        **({"price": str(asked.price)} if asked.price is not None else {}),
        **({"cut": asked.cut / 100} if asked.cut is not None else {}),
        "deal": float(asked.deal),
        "feature": float(asked.feature),
        "display": float(asked.display),
    }
    return [{**planned, "product_ids": skus[place : place + _MOST_SKUS]} for place in range(0, len(skus), _MOST_SKUS)]
