"""What the page of models shows: errors over time, drift and hold-out as rows, history in words."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.core.i18n import N_, _
from app.core.mongo import Document
from app.trade.models.rules import FEATURES
from app.web import formatting
from app.web.chart import Chart, bars_chart, lines_chart
from app.web.table import Column

_FEWEST_DAYS = 3  # fewer make no line
_MOST_BARS = 12

COLUMNS = (
    Column("name", N_("Trained"), kind="link"),
    Column("window.from", N_("Sales from"), kind="date"),
    Column("window.to", N_("to"), kind="date"),
    Column("rows", N_("Rows"), kind="number", hidden=True),
    Column(
        "forecast", N_("Forecast error"), kind="percent", decimals=1, help=N_("WMAPE of the median forecast, one store and week")
    ),
    Column(
        "forecast_bias", N_("Forecast bias"), kind="custom", right=True, hidden=True, help=N_("Above zero: too much was forecast")
    ),
    Column(
        "coverage", N_("80 % band holds"), kind="percent", decimals=1, help=N_("Share of weeks inside the band; 80 % is right")
    ),
    Column(
        "chain", N_("Baseline error, chain"), kind="percent", decimals=1, help=N_("WMAPE on hidden quiet weeks of a whole chain")
    ),
    Column(
        "single", N_("Baseline error, store"), kind="percent", decimals=1, help=N_("WMAPE on hidden quiet weeks of one store")
    ),
    Column("current", N_("State"), kind="custom"),
)
LEAD_COLUMNS = (
    Column("lead", N_("Weeks ahead")),
    Column("mean", N_("Error of the mean"), kind="percent", decimals=1, help=N_("WMAPE: units missed over units sold")),
    Column("median", N_("Error of the median"), kind="percent", decimals=1, help=N_("WMAPE: units missed over units sold")),
    Column("mape", N_("Percentage error"), kind="percent", decimals=1, help=N_("MAPE of the forecast that aims at it")),
    Column("bias", N_("Bias of the mean"), kind="custom", right=True, help=N_("Above zero: too much was forecast")),
    Column("coverage80", N_("80 % band holds"), kind="percent", decimals=1, help=N_("80 % is right")),
)


def row_of(model: Mapping[str, Any]) -> Document:
    """A model with the errors that its table shows, flat."""
    metrics = model.get("metrics") or {}
    forecast = metrics.get("forecast") or {}
    median = (forecast.get("objective") or {}).get("median") or {}
    return {
        **model,
        "name": formatting.date_time(model["fitted_at"]),
        "forecast": median.get("wmape"),
        "forecast_bias": median.get("bias"),
        "coverage": forecast.get("coverage80"),
        "chain": (metrics.get("chain") or {}).get("wmape"),
        "single": (metrics.get("single") or {}).get("wmape"),
    }


def errors_chart(models: Sequence[Mapping[str, Any]]) -> Chart | None:
    """Errors of every training that is remembered (`models` newest first): a line by day, bars while there are few."""
    rows = [row for row in map(row_of, reversed(models)) if row["chain"] is not None or row["forecast"] is not None]
    by_day = {formatting.iso_date(row["fitted_at"]): row for row in rows}
    if len(by_day) >= _FEWEST_DAYS:
        days = sorted(by_day)
        series = [
            {"name": name, "values": [_percent(by_day[day][key]) for day in days]}
            for key, name in (("forecast", _("Forecast")), ("chain", _("Baseline")))
        ]
        return lines_chart("errors", days, series, _("percent of units missed"))
    shown = [row for row in rows if row["forecast"] is not None or row["chain"] is not None][-_MOST_BARS:]
    if not shown:
        return None
    values = [_percent(row["forecast"] if row["forecast"] is not None else row["chain"]) for row in shown]
    return bars_chart("errors", [row["name"] for row in shown], values, "%", _("Forecast error"))


def lead_rows(evaluation: Mapping[str, Any]) -> list[Document]:
    """The hold-out's errors, a row for each number of weeks ahead, and the whole retailer's."""
    named = [(str(lead), errors) for lead, errors in sorted(evaluation["leads"].items(), key=lambda item: int(item[0]))]
    named += [(_("All, one store"), evaluation["all"]), (_("All, whole retailer"), evaluation["chain"])]
    return [_lead_row(name, errors) for name, errors in named if errors]


def _lead_row(name: str, errors: Mapping[str, Any]) -> Document:
    objective = errors["objective"]
    return {
        "lead": name,
        "mean": objective["mean"]["wmape"],
        "median": objective["median"]["wmape"],
        "mape": objective["mape"]["mape"],
        "bias": objective["mean"]["bias"],
        "coverage80": errors.get("coverage80"),
    }


def drift_rows(look: Mapping[str, Any]) -> list[Document]:
    """Features in words, the worst first."""
    order = {"shifted": 0, "moved": 1, "stable": 2, "unknown": 3}
    rows = [{**one, "name": _(FEATURES.get(one["feature"], one["feature"]))} for one in look["features"]]
    return sorted(rows, key=lambda row: (order[row["state"]], -(row["psi"] or 0)))


def drift_errors(look: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Both models' errors with their names; looks of older versions know the forecast's only."""
    named = ((_("Forecast error"), look["error"]), (_("Baseline error, quiet weeks"), look.get("baseline_error")))
    return [(name, error) for name, error in named if error]


def drift_chart(looks: Sequence[Document]) -> Chart | None:
    """The stability index of each feature over the looks of the last months."""
    days = {formatting.iso_date(look["at"]): look for look in looks}
    if len(days) < _FEWEST_DAYS:
        return None
    names = ("price", "price_cut", "deal", "units")
    series = [{"name": _(FEATURES[name]), "values": [_psi(days[day], name) for day in sorted(days)]} for name in names]
    return lines_chart("drift", sorted(days), series, _("stability index"))


def _psi(look: Document, name: str) -> float | None:
    return next((one["psi"] for one in look["features"] if one["feature"] == name), None)


def _percent(share: float | None) -> float | None:
    """With one decimal, rounded as tables round it."""
    exact = formatting.decimal_of(share)
    return None if exact is None else float((100 * exact).quantize(Decimal("0.1"), ROUND_HALF_UP))


_SAID = {
    "model.trained": N_("A new model was trained"),
    "model.train": N_("Asked for a training"),
    "model.evaluate": N_("Asked for an evaluation"),
    "model.drift": N_("Asked for a look at drift"),
    "model.cancelled": N_("Stopped what was under way"),
}


def history(entries: Sequence[Document]) -> list[dict[str, Any]]:
    """The audit trail of models as sentences."""
    return [{"at": one["at"], "actor": one.get("actor_name") or "", "text": _sentence(one)} for one in entries]


def _sentence(entry: Document) -> str:
    action = str(entry["action"])
    if action == "model.promoted":
        before = (entry.get("before") or {}).get("serving")
        return _("Let {new} serve instead of {old}", new=entry["subject_id"], old=before or _("none"))
    return _(_SAID.get(action, action))
