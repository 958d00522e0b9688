"""The baseline over HTTP: what differs from it, and recording a new one."""

from flask import Blueprint, Response, abort, jsonify

from app.core.clock import iso
from app.core.i18n import _
from app.supervisor.measures.baseline import Baseline
from app.supervisor.pages.reading import bounded, json_body, short_text
from app.supervisor.pages.room import Room
from app.supervisor.pages.signing_in import OPERATOR

_LONGEST = 4 * 3600  # seconds that a deployment may take


def baseline_room(baseline: Baseline) -> Room:
    """The room, without a place in the navigation."""
    blueprint = Blueprint("baseline", __name__)

    @blueprint.get("/api/v1/baseline")
    def shown() -> Response:
        try:
            return jsonify(baseline.as_document())
        except OSError as error:
            abort(503, _("Configuration and images cannot be looked at now: {error}", error=str(error)))

    @blueprint.post("/api/v1/baseline")
    def recorded() -> Response:
        who = short_text(json_body(), "who", 100) or OPERATOR
        try:
            counts = baseline.record(who)
        except OSError as error:
            abort(503, _("Nothing was recorded: {error}", error=str(error)))
        return jsonify(recorded=counts, **baseline.as_document())

    @blueprint.post("/api/v1/baseline/expected")
    def expected() -> Response:
        seconds = bounded(json_body().get("seconds"), "seconds", 1, _LONGEST)
        return jsonify(until=iso(baseline.expect(seconds)))

    return Room(blueprint)
