"""Incidents on pages and as JSON: the list, one with its timeline and evidence, notes, the post-mortem, a month's figures."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.clock import Clock, iso
from app.core.i18n import N_, _
from app.supervisor.incidents.book import Book
from app.supervisor.incidents.incident import Entry, Evidence, Incident, Kind
from app.supervisor.incidents.postmortem import postmortem, precise
from app.supervisor.pages.host import figures_of
from app.supervisor.pages.past import Past, exact_share
from app.supervisor.pages.reading import json_body, short_text
from app.supervisor.pages.room import Room
from app.supervisor.pages.signing_in import OPERATOR
from app.supervisor.pages.site import Keeper

_PAGE, _MOST = 25, 200
_LONGEST_NOTE = 1000
_TONES = {"open": "bad", "recovered": "warn", "ended": "good"}
_WORDS = {"open": N_("Open"), "recovered": N_("Recovered, watched"), "ended": N_("Ended")}


def incidents(keeper: Keeper, past: Past, book: Book, clock: Clock) -> Room:
    """The room of the incidents."""
    blueprint = Blueprint("incidents", __name__)
    _pages(blueprint, keeper, past, book, clock)
    _api(blueprint, book, clock)
    blueprint.add_app_template_filter(precise, "precise")
    blueprint.add_app_template_filter(exact_share, "exact_share")
    blueprint.add_app_template_global(lambda incident: (_tone(incident), _(_WORDS[incident.state])), "incident_state")
    return Room(blueprint, N_("Incidents"), "incidents.listed")


def _tone(incident: Incident) -> str:
    """An open incident is red only when somebody has to hurry."""
    tone = _TONES[incident.state]
    return "warn" if tone == "bad" and incident.priority in {"P3", "P4"} else tone


def _pages(blueprint: Blueprint, keeper: Keeper, past: Past, book: Book, clock: Clock) -> None:
    @blueprint.get("/incidents")
    def listed() -> str:
        before = request.args.get("before", "")
        found = book.shelf.newest(_PAGE + 1, int(before) if before.isdecimal() else None)
        figures = figures_of(keeper.state, past, "", clock.now())
        older = found[_PAGE - 1].id if len(found) > _PAGE else None
        return render_template("supervisor/incidents.html", incidents=found[:_PAGE], older=older, figures=figures)

    @blueprint.get("/incidents/<int:number>")
    def one(number: int) -> str:
        incident = _incident(book, number)
        return render_template(
            "supervisor/incident.html",
            incident=incident,
            timeline=book.shelf.timeline(number),
            evidence=book.shelf.evidence(number),
            picture=picture(incident, book.shelf.timeline(number), clock.now()),
        )

    @blueprint.post("/incidents/<int:number>/notes")
    def note(number: int) -> AnyResponse:
        _note(book, number, request.form, clock.now())
        return redirect(url_for("incidents.one", number=number), 303)

    @blueprint.get("/incidents/<int:number>/postmortem.md")
    def download(number: int) -> AnyResponse:
        response = Response(_postmortem(book, number), mimetype="text/markdown")
        response.headers["Content-Disposition"] = f'attachment; filename="incident-{number}.md"'
        return response

    @blueprint.get("/incidents/months")
    def months() -> str:
        now, month = clock.now(), request.args.get("month", "")
        figures = figures_of(keeper.state, past, month, now)
        return render_template("supervisor/months.html", figures=figures, months=_months(now))


def _api(blueprint: Blueprint, book: Book, clock: Clock) -> None:
    @blueprint.get("/api/v1/incidents")
    def listing() -> Response:
        """The newest first; `state=open` for those that have not ended, `before` a number for older ones."""
        wanted, before = request.args.get("state", "all"), request.args.get("before", "")
        if wanted not in {"all", "open"} or (before and not before.isdecimal()):
            abort(422, _("state is open or all; before is the number of an incident."))
        found = book.open if wanted == "open" else book.shelf.newest(_MOST, int(before) if before else None)
        return jsonify(incidents=[document(incident) for incident in found])

    @blueprint.get("/api/v1/incidents/<int:number>")
    def shown(number: int) -> Response:
        incident = _incident(book, number)
        timeline = [_entry(entry) for entry in book.shelf.timeline(number)]
        return jsonify(**document(incident), timeline=timeline, evidence=[_found(one) for one in book.shelf.evidence(number)])

    @blueprint.post("/api/v1/incidents/<int:number>/notes")
    def noted(number: int) -> tuple[Response, int]:
        entry = _note(book, number, json_body(), clock.now())
        return jsonify(_entry(entry)), 201

    @blueprint.get("/api/v1/incidents/<int:number>/postmortem")
    def written(number: int) -> Response:
        return jsonify(number=number, markdown=_postmortem(book, number))


def document(incident: Incident) -> dict[str, Any]:
    """One incident for machines."""
    return {
        "number": incident.id,
        "cause": incident.cause,
        "reason": incident.reason,
        "priority": incident.priority,
        "state": incident.state,
        "affected": list(incident.affected),
        "alerts": len(incident.alerts),
        "began_at": iso(incident.began_at),
        "detected_at": iso(incident.detected_at),
        "acted_at": iso(incident.acted_at) if incident.acted_at else None,
        "recovered_at": iso(incident.recovered_at) if incident.recovered_at else None,
        "ended_at": iso(incident.ended_at) if incident.ended_at else None,
        "seconds_to_detect": _seconds(incident.to_detect),
        "seconds_to_act": _seconds(incident.to_act),
        "seconds_to_recover": _seconds(incident.to_recover),
    }


@dataclass(frozen=True)
class Picture:
    """The course of an incident as bars (x, width, tone, words) and marks (x, kind, words) on a width of 1000."""

    bars: tuple[tuple[float, float, str, str], ...]
    marks: tuple[tuple[float, str, str], ...]
    length: timedelta


def picture(incident: Incident, timeline: list[Entry], now: datetime) -> Picture:
    """From the first sign to the recovery (or now): unseen, seen, acted upon. What came later is in the list below it."""
    end = max(incident.recovered_at or now, incident.detected_at + timedelta(seconds=1))
    length = (end - incident.began_at).total_seconds()

    def place(moment: datetime) -> float:
        return round(min(max((moment - incident.began_at).total_seconds() / length, 0.0), 1.0) * 1000, 1)

    acted = min(incident.acted_at or end, end)
    steps = [
        (incident.began_at, incident.detected_at, "neutral", N_("Not noticed yet")),
        (incident.detected_at, acted, "bad", N_("Noticed, nothing done yet")),
        (acted, end, "warn", N_("Being healed")),
    ]
    bars = [
        (place(begin), max(place(until) - place(begin), 4.0), tone, f"{_(words)}: {precise(until - begin)}")
        for begin, until, tone, words in steps
        if until > begin
    ]
    told = [entry for entry in timeline if entry.kind is not Kind.EVENT and entry.at <= end]
    marks = tuple((place(entry.at), entry.kind.value, f"{entry.at:%H:%M:%S} {entry.text}") for entry in told)
    return Picture(tuple(bars), marks, end - incident.began_at)


def _entry(entry: Entry) -> dict[str, Any]:
    return {"at": iso(entry.at), "kind": entry.kind.value, "about": entry.about, "text": entry.text, "by": entry.by}


def _found(evidence: Evidence) -> dict[str, Any]:
    return {**vars(evidence), "at": iso(evidence.at), "host": dict(evidence.host), "logs": list(evidence.logs)}


def _incident(book: Book, number: int) -> Incident:
    incident = book.shelf.one(number)
    if incident is None:
        abort(404, _("There is no incident {number}.", number=number))
    return incident


def _note(book: Book, number: int, values: Any, now: datetime) -> Entry:
    text, who = str(values.get("text") or "").strip(), short_text(values, "who", 100) or OPERATOR
    if not text or len(text) > _LONGEST_NOTE:
        abort(422, _("A note has 1 to {count} characters.", count=_LONGEST_NOTE))
    if not book.note(number, now, text, who):
        abort(404, _("There is no incident {number}.", number=number))
    return Entry(now, Kind.NOTE, "", text, who)


def _postmortem(book: Book, number: int) -> str:
    return postmortem(_incident(book, number), book.shelf.timeline(number), book.shelf.evidence(number))


def _months(now: datetime) -> list[str]:
    """This month and the eleven before it."""
    return [f"{now.year - (now.month <= back):04}-{(now.month - back - 1) % 12 + 1:02}" for back in range(12)]


def _seconds(length: timedelta | None) -> float | None:
    return round(length.total_seconds(), 3) if length is not None else None
