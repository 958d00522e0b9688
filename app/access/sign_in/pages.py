"""Pages for signing in, signing out and changing the own password."""

from flask import Blueprint, Response, g, make_response, redirect, render_template, request

from app.access import cookies, csrf, limits
from app.access.sessions import service as sessions
from app.access.sign_in import service
from app.access.sign_in.rules import safe_next
from app.access.signed_in import principal
from app.core.errors import Forbidden, Invalid, TooManyRequests, TradeError, Unauthenticated
from app.core.i18n import _

blueprint = Blueprint("sign_in", __name__, template_folder="../templates")


@blueprint.get("/sign-in")
def sign_in_form() -> Response:
    """The form; somebody who is signed in goes where they wanted to go."""
    target = safe_next(request.args.get("next"))
    if g.principal is not None:
        return _to(target)
    return _form(target)


@blueprint.post("/sign-in")
def sign_in() -> Response:
    """Sign in and go where the person wanted to go; the form again, with what was typed, when it was refused."""
    target = safe_next(request.form.get("next"))
    email = request.form.get("email", "").strip()
    try:
        csrf.demand()
        limits.enforce_sign_in(g.address)
        opened = service.sign_in(email, request.form.get("password", ""), g.address, request.user_agent.string)
    except Forbidden:
        return _form(target, email, _("This page was open too long. Sign in again."), 403)
    except (Unauthenticated, TooManyRequests) as error:
        return _form(target, email, error.detail, error.status, error)
    g.renewed, g.forget_cookies = opened, False
    return _to(target)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session everywhere and forget it in this browser."""
    if g.principal is not None and g.session_id:
        sessions.end(g.principal, g.session_id)
    g.renewed = None
    response = _to("/sign-in")
    cookies.take_back(response)
    return response


@blueprint.get("/sign-out")
def sign_out_form() -> Response:
    """Typed by hand: a link must not sign anybody out, so this asks."""
    if g.principal is None:
        return _to("/sign-in")
    return make_response(render_template("sign_in/sign_out.html"))


@blueprint.get("/settings/password")
def password_form() -> str:
    """Change the own password."""
    return _password_form({})


@blueprint.post("/settings/password")
def change_password() -> Response:
    """Change the own password; other sessions end, this one goes on."""
    form = request.form
    errors: dict[str, str] = {}
    if form.get("new_password", "") != form.get("repeated_password", ""):
        errors["repeated_password"] = _("The two new passwords differ.")
    try:
        if not errors:
            limits.enforce_sign_in(g.address)
            g.renewed = service.change_password(
                principal(), form.get("current_password", ""), form.get("new_password", ""), g.session_id, g.address
            )
    except Invalid as error:
        errors = {wrong.field: wrong.message for wrong in error.errors}
    except TooManyRequests as error:
        errors = {"": error.detail}
    if errors:
        return make_response(_password_form(errors), 422)
    target = safe_next(form.get("next"))
    return _to(target if target != "/" else "/settings/password?done=1")


def _password_form(errors: dict[str, str]) -> str:
    return render_template(
        "sign_in/password.html",
        errors=errors,
        done=request.args.get("done") == "1",
        must_change=_must_change(),
        next=safe_next(request.values.get("next")),
    )


def _must_change() -> bool:
    from app.access.users import store

    return store.get(principal().user_id).must_change_password


def _form(target: str, email: str = "", error: str = "", status: int = 200, cause: TradeError | None = None) -> Response:
    page = render_template("sign_in.html", next=target if target != "/" else "", email=email, error=error)
    response = make_response(page, status)
    response.headers["Cache-Control"] = "no-store"
    if isinstance(cause, TooManyRequests):
        response.headers["Retry-After"] = str(cause.retry_after)
    return response


def _to(target: str) -> Response:
    return make_response(redirect(target, 303))
