"""The rail: which pages exist, in which order, for whom. A new subject adds its line here."""

from dataclasses import dataclass
from typing import Protocol

from flask import current_app, has_app_context
from werkzeug.exceptions import HTTPException
from werkzeug.routing.exceptions import RoutingException

from app.core.i18n import N_


@dataclass(frozen=True)
class Entry:
    """One destination. `permission` hides it from roles without; `bar` puts it on a phone's bottom bar."""

    name: str
    label: str
    icon: str
    href: str
    permission: str | None = None
    bar: bool = False
    section: str = "main"


ENTRIES = (
    Entry("home", N_("Home"), "house", "/", bar=True),
    Entry("promotions", N_("Promotions"), "tag", "/promotions", bar=True),
    Entry("what-if", N_("What-if"), "sliders-horizontal", "/what-if", permission="promotions.read"),
    Entry("optimiser", N_("Optimiser"), "calendar-range", "/optimiser", permission="promotions.read"),
    Entry("recommendations", N_("Next promotions"), "sparkles", "/recommendations", permission="promotions.read"),
    Entry("sales", N_("Sales"), "chart-line", "/sales", bar=True),
    Entry("forecasts", N_("Forecast"), "trending-up", "/ai/forecast", permission="ai.read"),
    Entry("anomalies", N_("Anomalies"), "zap", "/ai/anomalies", permission="ai.read"),
    Entry("segments", N_("Groups"), "layers", "/segments", permission="ai.read"),
    Entry("models", N_("Models"), "activity", "/ai/models", permission="ai.read"),
    Entry("customers", N_("Customers"), "store", "/customers"),
    Entry("products", N_("Products"), "package", "/products"),
    Entry("imports", N_("Imports"), "upload", "/imports", bar=True),
    Entry("users", N_("Users"), "users", "/settings/users", permission="users.read", section="settings"),
    Entry("audit", N_("Audit trail"), "shield-check", "/settings/audit", permission="audit.read", section="settings"),
    Entry("about", N_("About"), "info", "/about", section="settings"),
)


def entries(section: str, allowed: "Permits") -> list[Entry]:
    """The entries of a section that this person may open and that this version serves."""
    return [
        entry
        for entry in ENTRIES
        if entry.section == section and (entry.permission is None or allowed(entry.permission)) and _served(entry.href)
    ]


def bar_entries(allowed: "Permits") -> list[Entry]:
    """The few that fit a phone's bottom bar."""
    return [entry for entry in entries("main", allowed) if entry.bar]


def _served(href: str) -> bool:
    if not has_app_context():
        return True
    try:
        current_app.url_map.bind("").match(href, method="GET")
    except RoutingException:
        return True  # a redirect to the address with or without its slash
    except HTTPException:  # not found: the subject is not part of this version
        return False
    return True


class Permits(Protocol):
    """`permits("users.read")`; the type of has_permission."""

    def __call__(self, permission: str) -> bool: ...
