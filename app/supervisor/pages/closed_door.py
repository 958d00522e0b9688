"""What people read at the public door while what is behind it is worked on; nginx asks for it when nobody answers there."""

from flask import Blueprint, abort, render_template

from app.core.i18n import _
from app.supervisor.leases import Keeper
from app.supervisor.pages.room import Room
from app.supervisor.state import Lease, State

_BEHIND = "backend"  # what people's requests are for
_TRY_AGAIN_SECONDS = 15


def closed_door(keeper: Keeper) -> Room:
    """One page without a sign-in, 503 with reason and end; 404 while nobody works on what people come for."""
    blueprint = Blueprint("closed_door", __name__)

    @blueprint.get("/closed")
    def page() -> tuple[str, int, dict[str, str]]:
        lease = lease_behind(keeper.state)
        if lease is None:
            abort(404, _("Nobody works on it."))
        html = render_template("supervisor/closed.html", lease=lease, again=_TRY_AGAIN_SECONDS)
        return html, 503, {"Retry-After": str(_TRY_AGAIN_SECONDS)}

    return Room(blueprint)


def lease_behind(state: State, service: str = _BEHIND) -> Lease | None:
    """The lease over `service` or over something that it depends on, the nearest first."""
    lease = state.lease_over(service)
    if lease is not None:
        return lease
    needed = next((kept.depends_on for kept in state.kept if kept.name == service), ())
    return next((found for name in needed if (found := lease_behind(state, name)) is not None), None)
