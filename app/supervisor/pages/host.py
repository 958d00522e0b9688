"""The host's page, the log of a service, and what was recorded as JSON."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request

from app.core.clock import Clock, iso
from app.core.errors import Invalid
from app.core.i18n import N_, _
from app.supervisor.engine import EngineError
from app.supervisor.history.phases import availability
from app.supervisor.incidents.evidence import Logs
from app.supervisor.incidents.figures import MonthFigures, month_bounds, month_figures
from app.supervisor.pages import overview
from app.supervisor.pages.charts import SPANS
from app.supervisor.pages.past import Past, forecast_of
from app.supervisor.pages.reading import bounded
from app.supervisor.pages.room import Room
from app.supervisor.pages.site import Keeper
from app.supervisor.redaction import redact_lines
from app.supervisor.state import State

_MOST_LINES, _LINES = 1000, 200


def host(keeper: Keeper, past: Past, clock: Clock) -> Room:
    """The room of the host."""
    blueprint = Blueprint("host", __name__)

    @blueprint.get("/host")
    def page() -> str:
        state, now, span = keeper.state, clock.now(), request.args.get("span", "hour")
        return render_template(
            "supervisor/host.html",
            facts=overview.host_facts(state.host),
            charts=past.of_host(span, now),
            span=span,
            spans=SPANS,
            forecast=forecast_of(state),
            notices=past.notices(),
            history=past.recorder.archive if past.recorder else None,
            booted_at=state.host.booted_at if state.host else None,
        )

    _api(blueprint, keeper, past, clock)
    return Room(blueprint, N_("Host"), "host.page")


def service_logs(keeper: Keeper, logs: Logs) -> Room:
    """The log of each service, without a place in the navigation."""
    blueprint = Blueprint("logs", __name__)

    @blueprint.get("/services/<name>/log")
    def log(name: str) -> str:
        """The last lines; with `part`, only the lines, for the script that follows."""
        _known(keeper.state, name)
        lines = int(bounded(request.args.get("lines", _LINES), "lines", 1, _MOST_LINES))
        template = "supervisor/log_lines.html" if "part" in request.args else "supervisor/log.html"
        try:
            return render_template(template, name=name, count=lines, lines=redact_lines(logs(name, lines)), wrong="")
        except EngineError as error:
            return render_template(template, name=name, count=lines, lines=[], wrong=str(error))

    return Room(blueprint)


def _api(blueprint: Blueprint, keeper: Keeper, past: Past, clock: Clock) -> None:
    @blueprint.get("/api/v1/history")
    def history() -> Response:
        """One series (`name`, `subject`) over `from` to `to`, or the last `hours`; without a name, which series there are."""
        if past.recorder is None:
            abort(503, _("Nothing is recorded."))
        archive = past.recorder.archive
        if "name" not in request.args:
            return jsonify(series=[{"name": name, "subject": subject} for name, subject in sorted(archive.known())])
        key = (request.args["name"], request.args.get("subject", ""))
        if key not in archive.known():
            abort(404, _("There is no such series; GET /api/v1/history lists them."))
        begin, end = _between(clock.now())
        points = archive.read([key], begin, end)[key]
        return jsonify(
            name=key[0],
            subject=key[1],
            step_seconds=archive.step(begin, end),
            points=[{"at": _epoch(p.at), "mean": _number(p.mean), "min": _number(p.low), "max": _number(p.high)} for p in points],
        )

    @blueprint.get("/api/v1/availability")
    def available() -> Response:
        """The figures of `month`, this one by default."""
        return jsonify(month_document(figures_of(keeper.state, past, request.args.get("month", ""), clock.now())))


def figures_of(state: State, past: Past, month: str, now: datetime) -> MonthFigures:
    """The figures of a month like "2026-03", of the one that runs without one. Aborts with 422 for anything else."""
    month = month or f"{now:%Y-%m}"
    try:
        begin, end = month_bounds(month)
    except Invalid as error:
        abort(422, error.detail)
    spans = past.recorder.phases.spans(begin, end) if past.recorder else []
    incidents = past.book.shelf.begun_between(begin, end) if past.book else []
    return month_figures(month, availability(spans, [kept.name for kept in state.kept]), incidents, now)


def month_document(figures: MonthFigures) -> dict[str, Any]:
    """A month's figures for machines: seconds, and shares from 0 to 1."""
    return {
        "month": figures.month,
        "observed": round(figures.observed, 5),
        "incidents": figures.incidents,
        "by_priority": figures.by_priority,
        "mean_seconds_to_detect": _seconds(figures.mean_detect),
        "mean_seconds_to_act": _seconds(figures.mean_act),
        "mean_seconds_to_recover": _seconds(figures.mean_recover),
        "services": [
            {
                "service": service.service,
                "availability": round(service.share, 6) if service.share is not None else None,
                "up_seconds": round(service.up, 1),
                "down_seconds": round(service.down, 1),
                "planned_seconds": round(service.planned, 1),
            }
            for service in figures.availability
        ],
    }


def _between(now: datetime) -> tuple[datetime, datetime]:
    """The moments asked for. Aborts with 422 for what is none, or runs backwards."""
    end = _moment("to") or now
    hours = bounded(request.args.get("hours", 1), "hours", 0, 24 * 731) if "from" not in request.args else 1.0
    begin = _moment("from") or end - timedelta(hours=hours)
    if begin >= end:
        abort(422, _("The time must begin before it ends."))
    return begin, end


def _moment(name: str) -> datetime | None:
    text = request.args.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))  # a + that was not escaped arrives as a space
    except ValueError:
        abort(422, _("{name} must be a moment like 2026-03-02T08:00:00Z.", name=name))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _known(state: State, name: str) -> None:
    if name not in state.services:
        abort(404, _("There is no service of that name."))


def _epoch(at: int) -> str:
    return iso(datetime.fromtimestamp(at, UTC))


def _number(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None


def _seconds(length: timedelta | None) -> float | None:
    return round(length.total_seconds(), 3) if length is not None else None
