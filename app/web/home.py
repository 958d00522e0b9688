"""The first page: what needs this person now, the last import, and which promotions earned most and least."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from apiflask import APIBlueprint
from flask import render_template

from app.access.signed_in import principal
from app.web import home_sources as sources

blueprint = APIBlueprint("home", __name__, enable_openapi=False)


@dataclass(frozen=True)
class Home:
    """Everything on the page; `empty` before the first import, when the page teaches instead."""

    needs: list[sources.Need] = field(default_factory=list)
    figures: list[sources.Figure] = field(default_factory=list)
    top: list[dict[str, Any]] = field(default_factory=list)
    worst: list[dict[str, Any]] = field(default_factory=list)
    last_import: dict[str, Any] | None = None
    empty: bool = False


@blueprint.get("/")
def index() -> str:
    """Home."""
    who = principal()
    recent = sources.recent_imports(who)
    ranked = sources.ranked_promotions(who)
    home = Home(
        needs=[*sources.import_needs(recent), *sources.promotion_needs(ranked)],
        figures=sources.figures(ranked),
        top=_bars(ranked.top),
        worst=_bars(ranked.worst),
        last_import=recent[0] if recent else None,
        empty=not recent and not ranked.promotions,
    )
    return render_template("home.html", home=home)


def _bars(promotions: Iterable[sources.Ranked]) -> list[dict[str, Any]]:
    return [{"label": one.name, "note": one.note, "value": one.roi, "href": one.href} for one in promotions]
