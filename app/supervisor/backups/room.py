"""The room of the backups: age, proof, sizes, run now, drills, download, and restoring step by step; pages and JSON."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.backup.orders import Order
from app.backup.prune import verdicts
from app.backup.reports import TITLES, find_report
from app.backup.shelf import Backup
from app.core.clock import Clock
from app.core.errors import Invalid, TradeError
from app.core.i18n import N_, _
from app.supervisor.backups import views
from app.supervisor.backups.clerk import Clerk
from app.supervisor.backups.conduct import Conductor, Note
from app.supervisor.pages.formatting import size, span
from app.supervisor.pages.reading import json_body, short_text
from app.supervisor.pages.room import Room
from app.supervisor.pages.signing_in import OPERATOR

_API = "/api/v1/backups"
_BY_HAND = ("backup", "verify", "drill", "offsite", "prune", "quarterly")
_PARTS = ("collection", "customer")
_SHOWN = 20


def backups_room(clerk: Clerk, conductor: Conductor, clock: Clock, note: Note) -> Room:
    """The room "Backups". `note` writes a line of the journal (text, bad)."""
    blueprint = Blueprint("backups", __name__, template_folder="templates")
    blueprint.add_app_template_filter(size, "backup_size")
    blueprint.add_app_template_filter(views.moment, "backup_moment")
    _api(blueprint, clerk, conductor, clock)
    _pages(blueprint, clerk, conductor, clock, note)
    _forms(blueprint, clerk, conductor)
    return Room(blueprint, N_("Backups"), "backups.index")


def order(clerk: Clerk, kind: str, backup_id: str, who: str) -> Order:
    """What people may ask for one by one. Raises NotFound, Conflict."""
    if kind not in _BY_HAND:
        abort(404, _("There is no such action."))
    if kind in {"verify", "drill", "offsite"} and backup_id:
        backup_id = clerk.shelf.find(backup_id).id
    arguments = ["hand"] if kind == "backup" else [backup_id] if backup_id and kind not in {"prune", "quarterly"} else []
    return clerk.order(kind, who, *arguments)


def order_side(clerk: Clerk, backup_id: str, side: str, part: str, name: str, who: str) -> Order:
    """A part of a backup beside the live data. `part` is collection or customer. Raises NotFound, Invalid, Conflict."""
    if part not in _PARTS or not name or not side:
        raise Invalid(_("Name the new database, and the collection or the customer that shall lie in it."))
    return clerk.order("side", who, clerk.shelf.find(backup_id).id, side, f"{part}={name}")


def _granted(ask: Callable[[], Any]) -> Any:
    """What `ask` gives; its refusal as an answer of the API."""
    try:
        return ask()
    except TradeError as error:
        abort(error.status, error.detail)
    except OSError as error:
        abort(503, _("The folder of the backups cannot be used: {reason}", reason=error.strerror or str(error)))


def _api(blueprint: Blueprint, clerk: Clerk, conductor: Conductor, clock: Clock) -> None:
    @blueprint.get(_API)
    def listed() -> Response:
        return jsonify(
            backups=[views.backup_document(backup) for backup in clerk.backups()],
            safeties=[views.backup_document(backup) for backup in clerk.safeties()],
            tasks=[views.record_document(record) for record in clerk.records()[:_SHOWN]],
            **views.state_document(clerk, conductor),
        )

    @blueprint.post(f"{_API}/tasks")
    def ordered() -> tuple[Response, int]:
        body = json_body()
        kind, backup_id = short_text(body, "kind", 20), short_text(body, "backup", 80)
        made = _granted(lambda: order(clerk, kind, backup_id, short_text(body, "who", 100) or OPERATOR))
        return jsonify(views.order_document(made)), 202

    @blueprint.post(f"{_API}/<backup_id>/side")
    def beside(backup_id: str) -> tuple[Response, int]:
        body = json_body()
        side, part, name = (short_text(body, key, 200) for key in ("side", "part", "name"))
        who = short_text(body, "who", 100) or OPERATOR
        return jsonify(views.order_document(_granted(lambda: order_side(clerk, backup_id, side, part, name, who)))), 202

    @blueprint.get(f"{_API}/tasks/<task_id>")
    def task(task_id: str) -> Response:
        record = clerk.record(task_id)
        if record is not None:
            return jsonify(views.record_document(record) | {"over": True})
        waiting = next((one for one in clerk.waiting() if one.id == task_id), None)
        if waiting is None:
            abort(404, _("There is no such task."))
        return jsonify(views.order_document(waiting) | {"over": False, **views.state_document(clerk, conductor)})

    @blueprint.get(f"{_API}/retention")
    def preview() -> Response:
        found = _granted(lambda: verdicts(clerk.shelf, clock.now()))
        return jsonify(backups=[{"id": one.id, "keep": one.keep, "reasons": list(one.reasons)} for one in found])

    @blueprint.get(f"{_API}/reports")
    def reported() -> Response:
        return jsonify(reports=[views.report_document(report) for report in clerk.reports()])

    @blueprint.get(f"{_API}/reports/<report_id>")
    def report(report_id: str) -> Response:
        return jsonify(views.report_document(_granted(lambda: find_report(clerk.shelf, report_id))))

    @blueprint.post(f"{_API}/<backup_id>/restore")
    def restored(backup_id: str) -> tuple[Response, int]:
        who = short_text(json_body(), "who", 100) or OPERATOR
        _granted(lambda: conductor.begin(backup_id, who))
        return jsonify(views.state_document(clerk, conductor)), 202


def _pages(blueprint: Blueprint, clerk: Clerk, conductor: Conductor, clock: Clock, note: Note) -> None:
    @blueprint.get("/backups")
    def index() -> str:
        backups, records, now = clerk.backups(), clerk.records(), clock.now()
        newest = next((backup.manifest for backup in backups if backup.manifest), None)
        return render_template(
            "backups/backups.html",
            backups=backups,
            safeties=clerk.safeties(),
            kinds=views.KINDS,
            records=records[:_SHOWN],
            drills=[record for record in records if record.kind == "drill"][:_SHOWN],
            age=span(now - newest.ended_at) if newest else "",
            sent=next((record for record in records if record.kind == "offsite" and not record.refused), None),
            lies=next((record for record in records if record.kind == "offsite" and record.ok), None),
            whole=next((record for record in records if record.kind == "system"), None),
            proven=next((backup for backup in backups if backup.proven), None),
            trend=views.size_trend(backups, now),
            reports=clerk.reports()[:_SHOWN],
            **views.state_document(clerk, conductor),
        )

    @blueprint.get("/backups/retention")
    def retention() -> str:
        try:
            found, refusal = verdicts(clerk.shelf, clock.now()), ""
        except TradeError as error:
            found, refusal = [], error.detail
        return render_template("backups/retention.html", verdicts=found, refusal=refusal)

    @blueprint.get("/backups/tests/<report_id>")
    def recovery_test(report_id: str) -> str:
        try:
            found = find_report(clerk.shelf, report_id)
        except TradeError as error:
            abort(404, error.detail)
        return render_template("backups/report.html", report=found, titles=TITLES)

    @blueprint.get("/backups/<backup_id>")
    def one(backup_id: str) -> str:
        backup = _found(clerk, backup_id)
        about = [record for record in clerk.records() if record.about == backup.id]
        checks = (record for record in about if record.kind == "restore")
        return render_template(
            "backups/backup.html",
            backup=backup,
            check=next((record for record in checks if "documents" in record.facts or not record.ok), None),
            beside=next((record for record in about if record.kind == "side"), None),
            **views.state_document(clerk, conductor),
        )

    @blueprint.get("/backups/<backup_id>/download")
    def download(backup_id: str) -> Response:
        backup = _found(clerk, backup_id)
        if not backup.archive.is_file():
            abort(404, _("{name} has no archive. Use another backup.", name=backup.id))
        text = _("{who} downloads the backup {name}", who=OPERATOR, name=backup.id)
        # Before a byte leaves: what cannot be written down is not given away.
        _granted(lambda: clerk.tell_trail(OPERATOR, "backup.downloaded", backup.id, text))
        note(text, False)
        return send_file(backup.archive, mimetype="application/gzip", as_attachment=True, download_name=f"{backup.id}.archive.gz")


def _found(clerk: Clerk, backup_id: str) -> Backup:
    try:
        return clerk.shelf.find(backup_id)
    except TradeError as error:
        abort(404, error.detail)


def _forms(blueprint: Blueprint, clerk: Clerk, conductor: Conductor) -> None:
    def answer(ask: Callable[[], Any], done: str, **values: Any) -> AnyResponse:
        try:
            ask()
            flash(done)
        except TradeError as error:
            flash(error.detail)
        except OSError as error:
            flash(_("The folder of the backups cannot be used: {reason}", reason=error.strerror or str(error)))
        return redirect(url_for("backups.one", **values) if values else url_for("backups.index"), 303)

    @blueprint.post("/backups/run/<kind>")
    def run(kind: str) -> AnyResponse:
        return answer(lambda: order(clerk, kind, "", OPERATOR), _("It is ordered; this page shows how far it is."))

    @blueprint.post("/backups/<backup_id>/run/<kind>")
    def run_one(backup_id: str, kind: str) -> AnyResponse:
        done = _("It is ordered; this page shows how far it is.")
        return answer(lambda: order(clerk, kind, backup_id, OPERATOR), done, backup_id=backup_id)

    @blueprint.post("/backups/<backup_id>/check")
    def check(backup_id: str) -> AnyResponse:
        name = _found(clerk, backup_id).id
        done = _("It is being looked at; nothing is changed.")
        return answer(lambda: clerk.order("restore", OPERATOR, name, "--check"), done, backup_id=name)

    @blueprint.post("/backups/<backup_id>/side")
    def side(backup_id: str) -> AnyResponse:
        database, part, name = (request.form.get(field, "").strip() for field in ("side", "part", "name"))
        done = _("It is ordered; this page shows the comparison when it is done.")
        return answer(
            lambda: order_side(clerk, backup_id, database, part, name, OPERATOR), done, backup_id=_found(clerk, backup_id).id
        )

    @blueprint.post("/backups/<backup_id>/restore")
    def restore(backup_id: str) -> AnyResponse:
        name = _found(clerk, backup_id).id
        if request.form.get("confirm", "").strip() != name:
            flash(_("Nothing was changed: type the backup's name to confirm."))
            return redirect(url_for("backups.one", backup_id=name), 303)
        return answer(lambda: conductor.begin(name, OPERATOR), _("The restore has begun; this page shows how far it is."))
