"""The bell in the top bar: what needs this person, and what became of the work they started.

The list in the bell is this page asked for as a panel; the shell itself holds no number, so that drawing a page costs nothing.
"""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, flash, g, make_response, redirect, render_template, request
from redis.exceptions import RedisError

from app.access.models import Permission, Principal
from app.access.permissions import allowed
from app.access.signed_in import principal
from app.core import jobs
from app.core.i18n import _
from app.core.jobs import person_topic
from app.core.logging import get_logger
from app.trade.imports import service as imports
from app.web import home, notices, notices_seen
from app.web.notices import Notice

blueprint = APIBlueprint("notifications", __name__, enable_openapi=False)
MARKS_MOST = 100
_MARK_LONGEST = 64

log = get_logger(__name__)


@blueprint.app_context_processor
def for_the_shell() -> dict[str, str]:
    """What every page's bell needs to know; empty, and then no bell, on pages before signing in."""
    who = g.get("principal")
    return {"bell_topics": topics(who) if who is not None else ""}


@blueprint.get("/notifications")
def index() -> str:
    """The page, and what the bell shows."""
    listed, complete = gather(principal())
    new = sum(one.new for one in listed)
    return render_template("notifications.html", notices=listed, new=new, complete=complete)


@blueprint.post("/notifications/seen")
def seen() -> Any:
    """What was shown counts no more. `mark` (repeated) names it: what came meanwhile stays new."""
    who = principal()
    given = {mark for mark in request.form.getlist("mark")[:MARKS_MOST] if len(mark) <= _MARK_LONGEST}
    try:
        current = {one.mark for one in gather(who)[0]}
        notices_seen.remember(who.user_id, current & (given | notices_seen.seen_by(who.user_id)))
    except RedisError as error:
        log.warning("what was seen is not remembered", error=str(error))
        flash(_("That you have seen this could not be remembered. Try again in a minute."), "warn")
    if request.headers.get("X-Panel") == "1":
        return Response(status=204)
    return make_response(redirect("/notifications", 303))


def gather(who: Principal) -> tuple[list[Notice], bool]:
    """What to tell `who`, and whether that is all: while Redis is away nothing is known of jobs, and all is taken as seen."""
    needs = home.needs(who)
    try:
        return notices.told(needs, jobs.ended_of(who.user_id), notices_seen.seen_by(who.user_id)), True
    except RedisError as error:
        log.warning("the bell cannot tell of jobs", error=str(error))
        return notices.told(needs, (), {notices.of_need(need).mark for need in needs}), False


def topics(who: Principal) -> str:
    """What the bell listens to: the person's own jobs, and the subjects whose needs are theirs to settle."""
    wanted = [person_topic(who.user_id)]
    if imports.may_import(who):
        wanted.append("imports")
    if allowed(who, Permission.PROMOTIONS_WRITE):
        wanted.append("promotions")
    if allowed(who, Permission.PRODUCTS_WRITE):
        wanted.append("products")
    return " ".join(wanted)
