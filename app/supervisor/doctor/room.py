"""The doctor's page and JSON: the last examination, running it again, and fixing what is safe to fix."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.core.clock import Clock, iso
from app.core.errors import TradeError
from app.core.i18n import N_, _, ngettext
from app.supervisor.doctor.catalogue import GROUPS
from app.supervisor.doctor.examine import Result, by_urgency, worst
from app.supervisor.doctor.facts import read_facts
from app.supervisor.doctor.finding import Verdict
from app.supervisor.doctor.practice import Doctor, counted
from app.supervisor.doctor.records import Run
from app.supervisor.pages.reading import json_body, short_text
from app.supervisor.pages.room import Room
from app.supervisor.pages.signing_in import OPERATOR

TONES: Mapping[Verdict, tuple[str, str]] = {
    Verdict.PROBLEM: ("bad", N_("Problem")),
    Verdict.WARNING: ("warn", N_("Warning")),
    Verdict.UNKNOWN: ("neutral", N_("Not known")),
    Verdict.OK: ("good", N_("In order")),
}


def doctor_room(doctor: Doctor, clock: Clock) -> Room:
    """The room "Doctor"."""
    blueprint = Blueprint(
        "doctor", __name__, template_folder="templates", static_folder="static", static_url_path="/doctor/static"
    )
    blueprint.context_processor(lambda: {"ngettext": ngettext})
    _pages(blueprint, doctor, clock)
    _api(blueprint, doctor, clock)
    return Room(blueprint, N_("Doctor"), "doctor.index")


def document(doctor: Doctor) -> dict[str, Any]:
    """The last examination for machines; `status` is ok, warning, problem, or unknown before the first one."""
    results, runs = doctor.records.results(), doctor.records.runs(1)
    facts = doctor.records.facts()
    return {
        "status": worst(results).value if runs else Verdict.UNKNOWN.value,
        "at": iso(runs[0].at) if runs else None,
        "seconds": runs[0].seconds if runs else None,
        "problems": runs[0].problems if runs else 0,
        "warnings": runs[0].warnings if runs else 0,
        "fine": runs[0].fine if runs else 0,
        "host_facts_at": iso(facts.at) if facts else None,
        "checks": [_check_document(result) for result in results],
    }


def _check_document(result: Result) -> dict[str, Any]:
    return {
        "name": result.check,
        "group": result.group,
        "title": result.title,
        "verdict": result.verdict.value,
        "evidence": result.evidence,
        "remedy": result.remedy,
        "fixable": result.fixable,
    }


def _pages(blueprint: Blueprint, doctor: Doctor, clock: Clock) -> None:
    @blueprint.get("/doctor")
    def index() -> str:
        return render_template("doctor/doctor.html", **view(doctor, clock))

    @blueprint.post("/doctor/run")
    def run() -> AnyResponse:
        try:
            doctor.examine_in_background(OPERATOR)
        except TradeError as error:
            flash(error.detail)
        return redirect(url_for("doctor.index"), 303)

    @blueprint.get("/doctor/fix/<name>")
    def ask(name: str) -> str:
        result = next((result for result in doctor.records.results() if result.check == name and result.fixable), None)
        if result is None:
            abort(404, _("There is nothing to correct any more. Go back to the doctor."))
        return render_template("doctor/fix.html", result=result)

    @blueprint.post("/doctor/fix/<name>")
    def fix(name: str) -> AnyResponse:
        try:
            flash(doctor.fix(name, OPERATOR))
        except TradeError as error:
            flash(error.detail)
        return redirect(url_for("doctor.index"), 303)


def view(doctor: Doctor, clock: Clock) -> dict[str, Any]:
    """What the page shows: what needs somebody first, then every group."""
    results, runs = doctor.records.results(), doctor.records.runs(14)
    facts = doctor.records.facts()
    urgent = [result for result in by_urgency(results) if result.verdict in {Verdict.PROBLEM, Verdict.WARNING}]
    verdict = worst(results) if runs else Verdict.UNKNOWN
    return {
        "progress": doctor.progress,
        "tone": TONES[verdict][0],
        "headline": _headline(runs),
        "last": runs[0] if runs else None,
        "runs": runs,
        "urgent": urgent,
        "groups": _groups([result for result in results if result not in urgent]),
        "group_names": GROUPS,
        "tones": TONES,
        "facts_at": facts.at if facts else None,
        "now": clock.now(),
    }


def _groups(results: list[Result]) -> list[tuple[str, list[Result]]]:
    found = [(_(label), [result for result in results if result.group == name]) for name, label in GROUPS.items()]
    return [(label, group) for label, group in found if group]


def _headline(runs: list[Run]) -> str:
    if not runs:
        return _("Nothing was examined yet")
    if not runs[0].problems and not runs[0].warnings:
        return _("Everything is in order")
    return counted(runs[0])


def _api(blueprint: Blueprint, doctor: Doctor, clock: Clock) -> None:
    @blueprint.errorhandler(TradeError)
    def refused(error: TradeError) -> tuple[Response, int]:
        return jsonify(title=error.title, detail=error.detail, status=error.status), error.status

    @blueprint.get("/api/v1/doctor")
    def api_last() -> Response:
        """The last examination, without making one."""
        return jsonify(document(doctor))

    @blueprint.post("/api/v1/doctor/runs")
    def api_examine() -> tuple[Response, int]:
        """Examine now and wait for the result."""
        doctor.examine_now(short_text(json_body(), "who", 100) or OPERATOR)
        return jsonify(document(doctor)), 201

    @blueprint.post("/api/v1/doctor/fixes/<name>")
    def api_fix(name: str) -> Response:
        done = doctor.fix(name, short_text(json_body(), "who", 100) or OPERATOR)
        return jsonify(check=name, done=done, **{"status": document(doctor)["status"]})

    @blueprint.put("/api/v1/doctor/facts")
    def api_facts() -> tuple[str, int]:
        """What scripts/host-facts.sh saw."""
        if not request.get_data():
            abort(400, _("There is no fact in it. Send what scripts/host-facts.sh prints."))
        doctor.receive_facts(read_facts(json_body(), clock.now()))
        return "{}", 200
