"""The room of the journal: who did what and what happened, to be looked through and filtered; as a page and as JSON."""

from collections.abc import Mapping

from flask import Blueprint, Response, jsonify, render_template, request

from app.core.clock import iso
from app.core.i18n import N_
from app.supervisor.journal import MOST, Wanted, find, headings
from app.supervisor.pages.reading import bounded, short_text
from app.supervisor.pages.room import Room
from app.supervisor.store import StateFile

_NEWEST = 2**53  # beyond that JSON's numbers are not exact
_NO = frozenset({"", "0", "false", "no"})


def journal(store: StateFile) -> Room:
    """The room, under "Journal"."""
    blueprint = Blueprint("journal", __name__)

    @blueprint.get("/api/v1/journal")
    def lines() -> Response:
        page = find(store, _wanted(request.args))
        found = [
            {"id": number, "at": iso(line.at), "about": line.service, "text": line.text, "bad": line.bad}
            for number, line in page.lines
        ]
        return jsonify(lines=found, older=page.older or None)

    @blueprint.get("/journal")
    def index() -> str:
        wanted = _wanted(request.args)
        kept = {name: value for name, value in request.args.items() if name in {"about", "text", "bad", "count"} and value}
        return render_template(
            "supervisor/journal.html", page=find(store, wanted), wanted=wanted, headings=headings(store), kept=kept
        )

    return Room(blueprint, N_("Journal"), "journal.index")


def _wanted(values: Mapping[str, str]) -> Wanted:
    return Wanted(
        about=short_text(values, "about", 100),
        text=short_text(values, "text", 100),
        bad=values.get("bad", "").lower() not in _NO,
        before=int(bounded(values.get("before") or 0, "before", 0, _NEWEST)),
        count=int(bounded(values.get("count") or 50, "count", 1, MOST)),
    )
