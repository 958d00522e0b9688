"""What every template may use: filters, macros' functions, the rail, the person, and the layout to extend."""

from typing import Any

from flask import Flask, Response, g, request
from markupsafe import Markup

from app import __version__
from app.access.models import Permission, Principal
from app.access.permissions import allowed
from app.core.i18n import _, ngettext
from app.core.settings import settings
from app.web import assets, formatting, navigation, scope, statuses
from app.web.chart import bars_with_mark
from app.web.scope_customers import customer_name

THEMES = ("auto", "light", "dark")
DENSITIES = ("comfortable", "compact")


def install(app: Flask) -> None:
    """Give templates their words; call once when the application is built."""
    development = settings().environment == "development"
    app.jinja_env.filters.update(formatting.FILTERS)
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.globals.update(
        _=_,
        ngettext=ngettext,
        icon=assets.icon,
        _icon=assets.icon,
        static_url=assets.static_url,
        style_sheets=assets.SHEETS,
        has_permission=has_permission,
        status_of=statuses.status_of,
        bars_with_mark=bars_with_mark,
        earned=formatting.earned,
        scope_customer_name=customer_name,
        currency_symbol=formatting.currency_symbol,
        window_text=formatting.window,
        show=show,
        app_version=__version__,
        company_currency=settings().currency,
        company_timezone=settings().timezone,
        company_locale=settings().locale,
        development=development,
    )
    app.jinja_env.globals.setdefault("csrf_token", lambda: g.get("csrf_token", ""))
    app.context_processor(_page_context)
    app.after_request(_vary_by_panel)
    scope.install(app)
    if development:
        app.config["TEMPLATES_AUTO_RELOAD"] = app.jinja_env.auto_reload = True
        app.before_request(assets.forget_versions)


def current_user() -> Principal | None:
    """The signed-in person, None on the sign-in page."""
    return g.get("principal")


def has_permission(name: str) -> bool:
    """Whether the signed-in person may do `name`, for instance `promotions.write`."""
    person = current_user()
    return person is not None and allowed(person, Permission(name))


def show(value: Any, kind: str = "text", decimals: int | None = None, currency: str = "") -> Any:
    """A value as a table cell or a figure of `kind` (see app.web.table.Kind) is written."""
    if value is None or value == "":
        return formatting.NOTHING
    if kind == "money":
        return formatting.money(value, currency or None, decimals)
    if kind == "datetime":
        return formatting.date_time(value)
    if kind == "date":
        return formatting.short_date(value)
    if kind in {"number", "signed"}:
        return formatting.FILTERS[kind](value, decimals or 0)  # type: ignore[operator]
    if kind in {"amount", "percent"}:
        places = decimals if decimals is not None else (2 if kind == "amount" else 0)
        return formatting.FILTERS[kind](value, places)  # type: ignore[operator]
    if kind in {"roi", "week", "ago"}:
        return formatting.FILTERS[kind](value)  # type: ignore[operator]
    return value if isinstance(value, str | Markup) else str(value)


def _page_context() -> dict[str, Any]:
    panel = request.headers.get("X-Panel") == "1"
    theme = request.cookies.get("theme", "auto")
    density = request.cookies.get("density", "comfortable")
    return {
        "layout": "layout_panel.html" if panel else "layout.html",
        "theme": theme if theme in THEMES else "auto",
        "density": density if density in DENSITIES else "comfortable",
        "rail_collapsed": request.cookies.get("rail") == "collapsed",
        "current_user": current_user(),
        "nav": navigation,
        "scope": scope.current_scope(),
        "request_id": g.get("request_id", ""),
    }


def _vary_by_panel(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.add("X-Panel")
        response.headers.setdefault("Cache-Control", "no-store" if current_user() else "no-cache")
    return response
