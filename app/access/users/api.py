"""HTTP for users."""

from typing import Any

from apiflask import APIBlueprint

from app.access.models import Permission
from app.access.passwords import hashing
from app.access.signed_in import may, principal
from app.access.users import service
from app.access.users.models import PasswordReset, UserChange, UserCreated, UserIn, UserList, UserOut, UserQuery
from app.core.paging import PageRequest

blueprint = APIBlueprint("users_api", __name__, url_prefix="/api/v1/users", tag="Users")


@blueprint.get("")
@blueprint.input(UserQuery, location="query")
@blueprint.output(UserList)
@blueprint.doc(summary="List users", responses=[401, 403])
def list_users(query_data: UserQuery) -> dict[str, Any]:
    """Users by name; `q` searches name and address, `sort` is name, email, role, created_at or last_sign_in_at (- reverses)."""
    page = service.list_users(
        may(Permission.USERS_READ),
        PageRequest(query_data.sort, query_data.limit, query_data.cursor),
        query_data.q,
        query_data.role,
        query_data.active,
    )
    return {"items": page.items, "next_cursor": page.next_cursor, "total": page.total}


@blueprint.post("")
@blueprint.input(UserIn, location="json")
@blueprint.output(UserCreated, status_code=201)
@blueprint.doc(summary="Add a user", responses=[401, 403, 409, 422])
def create(json_data: UserIn) -> dict[str, Any]:
    """Without `password` the answer holds one, this once; either way it must be changed at the first sign-in."""
    who = may(Permission.USERS_WRITE)
    password = json_data.password or hashing.generate()
    user = service.create(who, email=json_data.email, name=json_data.name, role=json_data.role, password=password)
    return {**user.public(), "password": None if json_data.password else password}


@blueprint.get("/<user_id>")
@blueprint.output(UserOut)
@blueprint.doc(summary="One user", responses=[401, 403, 404])
def get(user_id: str) -> dict[str, Any]:
    """One user; everyone may see themselves."""
    return service.get(principal(), user_id).public()


@blueprint.patch("/<user_id>")
@blueprint.input(UserChange, location="json")
@blueprint.output(UserOut)
@blueprint.doc(summary="Change a user", responses=[401, 403, 404, 409, 422])
def change(user_id: str, json_data: UserChange) -> dict[str, Any]:
    """Change what is given. A new role, or `active: false`, ends the person's sessions at once."""
    return service.update(may(Permission.USERS_WRITE), user_id, json_data).public()


@blueprint.post("/<user_id>/reset-password")
@blueprint.input(PasswordReset, location="json")
@blueprint.output(UserCreated)
@blueprint.doc(summary="Give a user a new password", responses=[401, 403, 404, 409, 422])
def reset_password(user_id: str, json_data: PasswordReset) -> dict[str, Any]:
    """The answer holds the new password, this once; the person must change it. Open sessions and lock-outs end."""
    user, password = service.reset_password(may(Permission.USERS_WRITE), user_id, json_data.version)
    return {**user.public(), "password": password}
