"""`tradeai user add|list|reset`: people who may sign in, for the first administrator and for emergencies."""

import sys

import click
from rich.text import Text

from app.access.models import Principal, Role
from app.access.passwords import hashing
from app.access.users import service
from app.access.users.models import User, UserChange
from app.cli.output import grid, show
from app.core.clock import iso
from app.core.errors import Conflict, NotFound
from app.core.i18n import _
from app.core.paging import PageRequest

_ROLES = click.Choice([role.value for role in Role])
_WHO = Principal.system("cli")


@click.group(help=_("Add, list and reset people."))
def group() -> None:
    """Commands about users."""


@group.command(help=_("Add a person who may sign in. Prints a first password unless one comes on standard input."))
@click.argument("email")
@click.option("--name", default="", help=_("The person's name; by default what stands before the @."))
@click.option("--role", type=_ROLES, default=Role.VIEWER.value, show_default=True)
@click.option("--password-stdin", is_flag=True, help=_("Read the password from standard input; it need not be changed then."))
@click.option("--if-missing", is_flag=True, help=_("Succeed and change nothing when the address has an account."))
def add(email: str, name: str, role: str, password_stdin: bool, if_missing: bool) -> None:
    existing = service.by_email(_WHO, email)
    if existing is not None and if_missing:
        show(
            {**_public(existing), "created": False, "password": None}, _("{email} has an account already.", email=existing.email)
        )
        return
    password = _from_stdin() if password_stdin else hashing.generate()
    user = service.create(
        _WHO,
        email=email,
        name=name or email.partition("@")[0],
        role=Role(role),
        password=password,
        must_change_password=not password_stdin,
    )
    result = {**_public(user), "created": True, "password": None if password_stdin else password}
    show(result, _("{email} was added as {role}.", email=user.email, role=_role(user)), *_first_password(result["password"]))


@group.command("list", help=_("Everybody who may sign in."))
def list_() -> None:
    users = []
    cursor: str | None = None
    while True:
        page = service.list_users(_WHO, PageRequest("email", 500, cursor))
        users += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    rows = [
        [
            user["email"],
            user["name"],
            user["role"].replace("_", " "),
            _("active") if user["active"] else Text(_("disabled"), style="yellow"),
            iso(user["last_sign_in_at"]) if user["last_sign_in_at"] else _("never"),
        ]
        for user in users
    ]
    columns = [_("Email"), _("Name"), _("Role"), _("Status"), _("Last sign-in")]
    show({"users": users, "total": len(users)}, grid(columns, rows))


@group.command(help=_("Give a person a new password, end open sessions and lift a lock-out."))
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help=_("Read the password from standard input; it need not be changed then."))
@click.option("--activate", is_flag=True, help=_("Also activate a deactivated account."))
def reset(email: str, password_stdin: bool, activate: bool) -> None:
    user = service.by_email(_WHO, email)
    if user is None:
        raise NotFound(_("Nobody signs in with {email}. To see who does: tradeai user list", email=email))
    if not user.active and not activate:
        raise Conflict(_("{email} is deactivated. Add --activate to let the person in again.", email=user.email))
    password = _from_stdin() if password_stdin else hashing.generate()
    user = service.set_password(_WHO, user.user_id, password, must_change=not password_stdin)
    if not user.active:
        user = service.update(_WHO, user.user_id, UserChange(version=user.version, active=True))
    result = {**_public(user), "password": None if password_stdin else password}
    show(result, _("{email} has a new password; open sessions ended.", email=user.email), *_first_password(result["password"]))


def _public(user: User) -> dict[str, object]:
    return user.public()


def _role(user: User) -> str:
    return user.role.value.replace("_", " ")


def _first_password(password: object) -> list[str]:
    return [_("Password, shown this once, to be changed at the first sign-in: {password}", password=password)] if password else []


def _from_stdin() -> str:
    """One line, so that `echo` and `printf` both work; asked for without echo at a terminal."""
    if sys.stdin.isatty():
        return str(click.prompt(_("Password"), hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
