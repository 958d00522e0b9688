"""Tests of alert rules, as JSON for commands: `tradeai alerts test-rule`."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from app.core.clock import iso
from app.supervisor.alerts.desk import LONGEST_NAME, Refused
from app.supervisor.alerts.rule_tests import RuleTest, RuleTests
from app.supervisor.pages.reading import bounded, json_body, short_text
from app.supervisor.pages.room import Room
from app.supervisor.pages.signing_in import OPERATOR

_API = "/api/v1/alerts/rules"
_LONGEST_WAIT = 60.0


def rule_test_room(tests: RuleTests) -> Room:
    """The addresses; the results stand in the handover report."""
    blueprint = Blueprint("rule_tests", __name__)

    @blueprint.get(f"{_API}/tests")
    def last() -> Response:
        return jsonify(_documents(tests.last().values()))

    @blueprint.post(f"{_API}/tests")
    def all_tested() -> tuple[Response, int]:
        """Every rule, in memory only."""
        try:
            return jsonify(_documents(tests.test_all(_who()))), 201
        except Refused as error:
            abort(503, str(error))

    @blueprint.post(f"{_API}/<name>/test")
    def tested(name: str) -> tuple[Response, int]:
        """One rule, and a message to its channels."""
        wait = bounded(request.args.get("wait", "20"), "wait", 0, _LONGEST_WAIT)
        try:
            return jsonify(_documents([tests.test(name, _who(), wait)])), 201
        except Refused as error:
            abort(404 if error.missing else 503, str(error))

    return Room(blueprint)


def _who() -> str:
    return short_text(json_body(), "who", LONGEST_NAME) or OPERATOR


def _documents(done: Iterable[RuleTest]) -> dict[str, Any]:
    return {
        "tests": [
            {"rule": one.rule, "at": iso(one.at), "who": one.who, "good": one.good, "told": one.told, "text": one.text}
            for one in done
        ]
    }
