"""Pages for administering users."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from pydantic import ValidationError

from app.access.models import Permission, Role
from app.access.passwords import hashing
from app.access.permissions import TABLE
from app.access.signed_in import may
from app.access.users import service
from app.access.users.models import User, UserChange
from app.core.errors import BadRequest, Conflict, Invalid, TradeError
from app.core.i18n import N_, _
from app.core.paging import MAX_LIMIT, PageRequest
from app.web.export import export_response
from app.web.table import Column, Table, TableQuery

blueprint = Blueprint("users", __name__, url_prefix="/settings/users", template_folder="../templates")

COLUMNS = (
    Column("name", N_("Name"), kind="link", sort=True),
    Column("email", N_("Email"), sort=True),
    Column("role", N_("Role"), kind="custom", sort=True),
    Column("status", N_("Status"), kind="status"),
    Column("last_sign_in_at", N_("Last sign-in"), kind="datetime", sort=True),
    Column("created_at", N_("Added"), kind="date", sort=True, hidden=True),
)

ROLE_WORDS: dict[Role, tuple[str, str]] = {
    Role.ADMINISTRATOR: (N_("Administrator"), N_("Everything, users included")),
    Role.MANAGER: (N_("Manager"), N_("Plans and imports; sees users and the audit trail")),
    Role.ACCOUNT_MANAGER: (N_("Account manager"), N_("Plans promotions, keeps customers and products, imports sales")),
    Role.FINANCE: (N_("Finance"), N_("Sees all trade and the audit trail, imports sales")),
    Role.ANALYST: (N_("Analyst"), N_("Sees all trade, imports sales")),
    Role.VIEWER: (N_("Viewer"), N_("Sees all trade, changes nothing")),
    Role.OPERATOR: (N_("Operator"), N_("Sees the appliance and the audit trail, no trade")),
}


@blueprint.get("")
def index() -> Any:
    """Everybody who may sign in."""
    who = may(Permission.USERS_READ)
    query = TableQuery.from_request(COLUMNS, default_sort="name", filters=("q", "role", "active"))
    role = Role(query.filters["role"]) if query.filters.get("role") in set(Role) else None
    active = {"yes": True, "no": False}.get(query.filters.get("active", ""))
    if query.export:
        rows = _all(lambda page: service.list_users(who, page, query.filters.get("q", ""), role, active), query.sort)
        return export_response(query.export, "users", COLUMNS, rows)
    page = service.list_users(who, query.page_request, query.filters.get("q", ""), role, active)
    table = Table(
        "users",
        COLUMNS,
        query,
        rows=[_row(item) for item in page.items],
        next_cursor=page.next_cursor,
        count=page.total,
        href=lambda row: url_for("users.detail", user_id=row["id"]),
        topic="users",
    )
    return render_template("users/index.html", table=table, roles=_role_options(), role_word=role_word)


@blueprint.get("/new")
def new() -> str:
    """The form for a new user."""
    may(Permission.USERS_WRITE)
    return _new_form({}, {"role": Role.ACCOUNT_MANAGER.value})


@blueprint.post("/new")
def create() -> Response:
    """Add a user and show the first password, this once."""
    who = may(Permission.USERS_WRITE)
    form = request.form.to_dict()
    password = hashing.generate()
    try:
        user = service.create(
            who, email=form.get("email", ""), name=form.get("name", ""), role=_role(form.get("role", "")), password=password
        )
    except (Invalid, Conflict) as error:
        return make_response(_new_form(_by_field(error), form), error.status)
    return _shown_once(user, password, is_new=True)


@blueprint.get("/<user_id>")
def detail(user_id: str) -> str:
    """One user, with what an administrator may change."""
    who = may(Permission.USERS_READ)
    user = service.get(who, user_id)
    return _detail(user, {}, user.public())


@blueprint.post("/<user_id>")
def change(user_id: str) -> Response:
    """Save name, address and role."""
    who = may(Permission.USERS_WRITE)
    form = request.form.to_dict()
    try:
        service.update(who, user_id, _change(form, email=form.get("email"), name=form.get("name"), role=form.get("role")))
    except (Invalid, Conflict) as error:
        return make_response(_detail(service.get(who, user_id), _by_field(error), form), error.status)
    return _to(user_id)


@blueprint.post("/<user_id>/activity")
def activity(user_id: str) -> Response:
    """Deactivate, which ends the person's sessions at once, or activate again."""
    who = may(Permission.USERS_WRITE)
    form = request.form.to_dict()
    try:
        service.update(who, user_id, _change(form, active=form.get("active") == "yes"))
    except Conflict as error:
        user = service.get(who, user_id)
        return make_response(_detail(user, _by_field(error), user.public()), error.status)
    return _to(user_id)


@blueprint.post("/<user_id>/reset-password")
def reset_password(user_id: str) -> Response:
    """Give a new password and show it, this once."""
    who = may(Permission.USERS_WRITE)
    user, password = service.reset_password(who, user_id, _version(request.form.to_dict()))
    return _shown_once(user, password, is_new=False)


def role_word(role: str) -> str:
    """The role as people say it."""
    return _(ROLE_WORDS[Role(role)][0])


def _role_options() -> list[tuple[str, str]]:
    return [(role.value, _(words[0])) for role, words in ROLE_WORDS.items()]


def _row(user: dict[str, Any]) -> dict[str, Any]:
    return {**user, "status": "active" if user["active"] else "disabled"}


def _all(fetch: Any, sort: str) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = fetch(PageRequest(sort, MAX_LIMIT, cursor))
        yield from (_row(item) for item in page.items)
        cursor = page.next_cursor
        if cursor is None:
            return


def _role(value: str) -> Role:
    try:
        return Role(value)
    except ValueError:
        raise BadRequest("Choose one of the listed roles.") from None


def _version(form: dict[str, str]) -> int:
    text = form.get("version", "")
    if not text.isdecimal() or len(text) > 9:
        raise BadRequest("The form is incomplete. Reload the page and try again.")
    return int(text)


def _change(form: dict[str, str], **changes: Any) -> UserChange:
    try:
        return UserChange(version=_version(form), **changes)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadRequest(f"{first['loc'][0]}: {first['msg']}. Correct it and send the form again.") from error


def _by_field(error: TradeError) -> dict[str, str]:
    return {wrong.field: wrong.message for wrong in error.errors} or {"": error.detail}


def _new_form(errors: dict[str, str], form: dict[str, str]) -> str:
    return render_template("users/new.html", errors=errors, form=form, roles=_role_choices())


def _role_choices() -> list[tuple[str, str, str]]:
    return [(role.value, _(words[0]), _(words[1])) for role, words in ROLE_WORDS.items()]


def _detail(user: User, errors: dict[str, str], form: dict[str, Any]) -> str:
    return render_template(
        "users/detail.html",
        user=user,
        errors=errors,
        form=form,
        roles=_role_choices(),
        role_word=role_word,
        permissions=sorted(permission.value for permission in TABLE[user.role]),
    )


def _shown_once(user: User, password: str, *, is_new: bool) -> Response:
    response = make_response(render_template("users/password.html", user=user, password=password, is_new=is_new))
    response.headers["Cache-Control"] = "no-store"
    return response


def _to(user_id: str) -> Response:
    return make_response(redirect(url_for("users.detail", user_id=user_id), 303))
