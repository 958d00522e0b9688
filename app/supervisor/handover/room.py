"""The handover report's page and JSON: making one, what each says, taking it away, and whether its seal holds."""

import io
from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, send_file, url_for
from werkzeug.exceptions import InternalServerError, default_exceptions
from werkzeug.wrappers import Response as AnyResponse

from app.core.clock import iso
from app.core.errors import TradeError
from app.core.i18n import N_
from app.supervisor.handover.binder import PARTS, Bound, part
from app.supervisor.handover.office import Office
from app.supervisor.pages.reading import json_body, short_text
from app.supervisor.pages.room import Room
from app.supervisor.pages.signing_in import OPERATOR

_API = "/api/v1/handover"
_LONGEST_NAME = 100


def handover_room(office: Office) -> Room:
    """The room "Handover"."""
    blueprint = Blueprint("handover", __name__, template_folder="templates")
    _pages(blueprint, office)
    _forms(blueprint, office)
    _api(blueprint, office)
    return Room(blueprint, N_("Handover"), "handover.index")


def report_document(bound: Bound) -> dict[str, Any]:
    """One report for machines; `file` is its name in the folder handover of BACKUP_DIR."""
    return {
        "id": bound.id,
        "file": bound.path.name,
        "made_at": iso(bound.made_at) if bound.made_at else None,
        "made_by": bound.made_by,
        "key": bound.key,
        "trouble": bound.trouble,
        "proven": bound.proven,
        "count": len(bound.lines),
        "checklist": list(bound.lines),
    }


def _pages(blueprint: Blueprint, office: Office) -> None:
    @blueprint.errorhandler(TradeError)
    def refused(error: TradeError) -> tuple[str | Response, int]:
        if request.path.startswith(_API):
            return jsonify(title=error.title, detail=error.detail, status=error.status), error.status
        shown = default_exceptions.get(error.status, InternalServerError)(error.detail)
        return render_template("supervisor/wrong.html", error=shown), error.status

    @blueprint.get("/handover")
    def index() -> str:
        return render_template("handover/handovers.html", reports=office.binder.all(), who=request.args.get("who", ""))

    @blueprint.get("/handover/<report_id>")
    def report(report_id: str) -> str:
        return render_template("handover/handover.html", report=office.binder.find(report_id), parts=PARTS)

    @blueprint.get("/handover/<report_id>/file")
    def whole(report_id: str) -> Response:
        path = office.binder.find(report_id).path
        return send_file(path, mimetype="application/zip", as_attachment=True, download_name=path.name)

    @blueprint.get("/handover/<report_id>/<name>")
    def one_part(report_id: str, name: str) -> Response:
        if name not in PARTS:
            abort(404)
        bound = office.binder.find(report_id)
        content = io.BytesIO(part(bound.path, name))
        ending = name.partition(".")[2]
        return send_file(content, mimetype=PARTS[name], as_attachment=True, download_name=f"{bound.path.stem}.{ending}")


def _forms(blueprint: Blueprint, office: Office) -> None:
    @blueprint.post("/handover")
    def make() -> AnyResponse:
        who = short_text(request.form, "who", _LONGEST_NAME)
        try:
            bound = office.make(who)
        except TradeError as error:
            flash(error.detail)
            return redirect(url_for("handover.index", who=who), 303)
        return redirect(url_for("handover.report", report_id=bound.id), 303)

    @blueprint.post("/handover/<report_id>/check")
    def check(report_id: str) -> AnyResponse:
        judged = office.check(report_id)
        flash(judged["text"], "good" if judged["good"] else "bad")
        return redirect(url_for("handover.report", report_id=report_id), 303)


def _api(blueprint: Blueprint, office: Office) -> None:
    @blueprint.get(_API)
    def listed() -> Response:
        return jsonify(reports=[report_document(bound) for bound in office.binder.all()])

    @blueprint.post(_API)
    def made() -> tuple[Response, int]:
        who = short_text(json_body(), "who", _LONGEST_NAME) or OPERATOR
        return jsonify(report_document(office.make(who))), 201

    @blueprint.get(f"{_API}/key")
    def key() -> Response:
        """The public key that seals are checked with."""
        return jsonify(office.press.key())

    @blueprint.get(f"{_API}/<report_id>")
    def one(report_id: str) -> Response:
        return jsonify(report_document(office.binder.find(report_id)))

    @blueprint.get(f"{_API}/<report_id>/file")
    def file(report_id: str) -> Response:
        return send_file(office.binder.find(report_id).path, mimetype="application/zip")

    @blueprint.post(f"{_API}/<report_id>/check")
    def checked(report_id: str) -> Response:
        return jsonify(office.check(report_id))
