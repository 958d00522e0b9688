"""The calendar's pages and JSON: what is due, the month, looking again, and signing."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.clock import Clock, iso
from app.core.errors import Invalid, TradeError
from app.core.i18n import N_, _
from app.supervisor.duties.duty import Every
from app.supervisor.duties.month import first_and_last, neighbours, weeks
from app.supervisor.duties.roster import Roster, Row
from app.supervisor.duties.standing import Standing, settled
from app.supervisor.pages.reading import json_body
from app.supervisor.pages.room import Room
from app.supervisor.pages.signing_in import OPERATOR

TONES: Mapping[Standing, tuple[str, str]] = {
    Standing.OVERDUE: ("bad", N_("Overdue")),
    Standing.ATTENTION: ("warn", N_("Needs a look")),
    Standing.WAITING: ("warn", N_("Due")),
    Standing.MISSED: ("bad", N_("Left open")),
    Standing.DONE: ("good", N_("Done")),
    Standing.AHEAD: ("neutral", N_("Ahead")),
    Standing.NONE: ("neutral", N_("Before the calendar began")),
}
EVERY = {Every.DAY: N_("Daily"), Every.WEEK: N_("Weekly"), Every.MONTH: N_("Monthly"), Every.QUARTER: N_("Quarterly")}
_DAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
_OPEN = (Standing.OVERDUE, Standing.ATTENTION, Standing.WAITING)


def calendar_room(roster: Roster, clock: Clock) -> Room:
    """The room "Calendar"."""
    blueprint = Blueprint(
        "duties", __name__, template_folder="templates", static_folder="static", static_url_path="/calendar/static"
    )
    _pages(blueprint, roster, clock)
    _api(blueprint, roster)
    return Room(blueprint, N_("Calendar"), "duties.index")


def document(row: Row) -> dict[str, Any]:
    """One turn for machines."""
    entry = row.entry
    return {
        "name": row.duty.name,
        "every": row.duty.every.value,
        "title": _(row.duty.title),
        "what": _(row.duty.what),
        "day": row.turn.day.isoformat(),
        "due_at": iso(row.turn.due_at),
        "standing": row.standing.value,
        "person": row.duty.person,
        "good": entry.good if entry else None,
        "proof": entry.proof if entry else "",
        "details": list(entry.details) if entry else [],
        "done_at": iso(entry.done_at) if entry else None,
        "signed_by": entry.signed_by if entry else "",
        "note": entry.note if entry else "",
    }


def _pages(blueprint: Blueprint, roster: Roster, clock: Clock) -> None:
    shared = {"tones": TONES, "every": EVERY, "standings": Standing, "settled": settled}

    @blueprint.get("/calendar")
    def index() -> str:
        today = clock.now().astimezone(roster.zone).date()
        shown = _month(request.args.get("month", ""), today)
        rows = roster.today()
        return render_template(
            "duties/calendar.html",
            groups=[(EVERY[kind], [row for row in rows if row.duty.every is kind]) for kind in Every],
            waiting=[_(row.duty.title) for row in rows if row.standing in _OPEN],
            overdue=[_(row.duty.title) for row in rows if row.standing is Standing.OVERDUE],
            weeks=weeks(shown.year, shown.month, roster.between(*first_and_last(shown.year, shown.month))),
            shown=shown,
            today=today,
            neighbours=neighbours(shown.year, shown.month),
            days=_DAYS,
            zone=roster.zone.key,
            **shared,
        )

    @blueprint.get("/calendar/<name>/<day>")
    def turn(name: str, day: str) -> str:
        row = _row(roster, name, day)
        on = roster.row(name).turn.day == row.turn.day
        return render_template("duties/turn.html", row=row, on=on, zone=roster.zone, note=request.args.get("note", ""), **shared)

    @blueprint.post("/calendar/<name>/<day>/sign")
    def sign(name: str, day: str) -> AnyResponse:
        row = _row(roster, name, day)
        try:
            roster.sign(name, request.form.get("who", ""), request.form.get("note", ""), row.turn.day)
        except TradeError as error:
            flash(error.detail)
            return redirect(url_for("duties.turn", name=name, day=day, note=request.form.get("note", "")[:500]), 303)
        return redirect(url_for("duties.index"), 303)

    @blueprint.post("/calendar/<name>/run")
    def run(name: str) -> AnyResponse:
        try:
            row = roster.run(name, OPERATOR)
        except TradeError as error:
            abort(error.status, error.detail)
        return redirect(url_for("duties.turn", name=name, day=row.turn.day.isoformat()), 303)


def _row(roster: Roster, name: str, day: str) -> Row:
    try:
        return roster.row(name, _day(day))
    except TradeError as error:
        abort(error.status, error.detail)


def _day(text: str) -> date:
    """A day as YYYY-MM-DD of a year that a calendar is of use for. Raises Invalid."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not 2000 <= day.year <= 2200:
        raise Invalid(_("{day} is not a day as 2026-03-02.", day=repr(text[:40])))
    return day


def _month(text: str, today: date) -> date:
    """The first of the month `text` (YYYY-MM); of this month when it is none."""
    try:
        return _day(f"{text}-01")
    except Invalid:
        return today.replace(day=1)


def _api(blueprint: Blueprint, roster: Roster) -> None:
    @blueprint.errorhandler(TradeError)
    def refused(error: TradeError) -> tuple[Response, int]:
        return jsonify(title=error.title, detail=error.detail, status=error.status), error.status

    @blueprint.get("/api/v1/maintenance")
    def api_today() -> Response:
        """Every task with the turn that is on."""
        rows = roster.today()
        overdue = [row.duty.name for row in rows if row.standing is Standing.OVERDUE]
        waiting = [row.duty.name for row in rows if row.standing in _OPEN]
        return jsonify(timezone=roster.zone.key, overdue=overdue, open=waiting, duties=[document(row) for row in rows])

    @blueprint.get("/api/v1/maintenance/turns")
    def api_turns() -> Response:
        """Every turn between two days, at most a year of them."""
        first, last = _day(request.args.get("from", "")), _day(request.args.get("to", ""))
        if not 0 <= (last - first).days <= 366:
            raise Invalid(_("“to” must lie up to a year after “from”."))
        return jsonify(turns=[document(row) for row in roster.between(first, last)])

    @blueprint.post("/api/v1/maintenance/<name>/run")
    def api_run(name: str) -> Response:
        return jsonify(document(roster.run(name, str(json_body().get("who") or OPERATOR))))

    @blueprint.post("/api/v1/maintenance/<name>/sign")
    def api_sign(name: str) -> Response:
        body = json_body()
        day = _day(str(body["day"])) if body.get("day") else None
        return jsonify(document(roster.sign(name, str(body.get("who") or ""), str(body.get("note") or ""), day)))
