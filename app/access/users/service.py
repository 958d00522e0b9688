"""What can be done with users: add, change, deactivate, give a new password."""

from typing import Any

from app.access.audit.service import record
from app.access.models import Permission, Principal, Role
from app.access.passwords import hashing
from app.access.passwords.common import common
from app.access.passwords.rules import fault
from app.access.permissions import require
from app.access.security import role_changed
from app.access.sessions import service as sessions
from app.access.sign_in import lockout
from app.access.users import store
from app.access.users.models import User, UserChange
from app.access.users.rules import ends_sessions, faults, loses_administrator, tidy_name
from app.core.clock import now
from app.core.errors import Conflict, FieldError, Forbidden, Invalid
from app.core.events import emit
from app.core.i18n import _
from app.core.ids import new_id
from app.core.paging import Page, PageRequest
from app.core.security_events import Kind, report

_MOMENTS = {"created_at", "updated_at", "last_sign_in_at", "password_changed_at"}


def create(who: Principal, *, email: str, name: str, role: Role, password: str, must_change_password: bool = True) -> User:
    """A new active user. Raises Invalid naming each field, Conflict when the address is taken."""
    require(who, Permission.USERS_WRITE)
    wrong = [*faults(email, name)]
    problem = fault(password, email, name, common())
    if problem:
        wrong.append(FieldError("password", problem))
    if wrong:
        raise Invalid(_("The user was not added."), wrong)
    user = store.insert(
        new_id("user"),
        {
            "email": email.strip(),
            "name": tidy_name(name),
            "role": role.value,
            "active": True,
            "password_hash": hashing.hash_password(password),
            "password_changed_at": now(),
            "must_change_password": must_change_password,
            "token_version": 1,
        },
        who.user_id,
    )
    record(who, "user.created", "user", user.user_id, after=_audited(user))
    if role is Role.ADMINISTRATOR:
        role_changed(who.user_id, user.user_id, "", role.value)
    emit("users", "user.created", {"user_id": user.user_id}, who.user_id)
    return user


def update(who: Principal, user_id: str, change: UserChange) -> User:
    """Change address, name, role or activity. A new role or deactivation ends the person's sessions at once.

    Raises NotFound, Stale, Invalid, Conflict for a taken address, for oneself and for the last administrator.
    """
    require(who, Permission.USERS_WRITE)
    user = store.get(user_id)
    changes: dict[str, Any] = change.model_dump(exclude={"version"}, exclude_none=True)
    if "role" in changes:
        changes["role"] = Role(changes["role"]).value
    wrong = [*faults(changes.get("email", user.email), changes.get("name", user.name))]
    if wrong:
        raise Invalid(_("The user was not changed."), wrong)
    for name, tidy in (("name", tidy_name), ("email", str.strip)):
        if name in changes:
            changes[name] = tidy(changes[name])
    now_stored = {"role": user.role.value, "active": user.active, "name": user.name, "email": user.email}
    ending = ends_sessions(now_stored, changes)
    if ending and user_id == who.user_id:
        report(Kind.PRIVILEGE_ATTEMPT, who.user_id, reason="own role or activity")
        raise Conflict(_("Your own role and activity can only be changed by another administrator."))
    if ending:
        changes["token_version"] = user.token_version + 1
    before, after = store.update(user_id, change.version, changes, who.user_id)
    if loses_administrator(before.role, before.active, after.role, after.active) and store.active_administrators() == 0:
        _give_back(before, after, who)
    if ending:
        sessions.end_all(after, "role or activity changed")
    record(who, "user.changed", "user", user_id, before=_audited(before), after=_audited(after))
    if before.role is not after.role:
        role_changed(who.user_id, user_id, before.role.value, after.role.value)
    emit("users", "user.changed", {"user_id": user_id}, who.user_id)
    return after


def _give_back(before: User, after: User, who: Principal) -> None:
    """Undo a change that left nobody to administer; checked after the change, so that two at once cannot both slip through."""
    store.update(
        before.user_id,
        after.version,
        {"role": before.role.value, "active": before.active, "token_version": before.token_version},
        who.user_id,
    )
    raise Conflict(_("This is the last active administrator. Make somebody else administrator first."))


def reset_password(who: Principal, user_id: str, version: int) -> tuple[User, str]:
    """(user, new password): chosen by the machine, to be changed at the next sign-in; open sessions and lock-outs end."""
    require(who, Permission.USERS_WRITE)
    if user_id == who.user_id:
        raise Forbidden(_("Change your own password on the password page; it asks for the current one."))
    return _set_password(who, store.get(user_id), version, hashing.generate(), must_change=True)


def set_password(who: Principal, user_id: str, password: str, *, must_change: bool) -> User:
    """Give a user this password (command line). Raises Invalid when it is not good enough."""
    require(who, Permission.USERS_WRITE)
    user = store.get(user_id)
    return _set_password(who, user, user.version, password, must_change=must_change)[0]


def _set_password(who: Principal, user: User, version: int, password: str, *, must_change: bool) -> tuple[User, str]:
    problem = fault(password, user.email, user.name, common())
    if problem:
        raise Invalid(_("The password was not changed."), [FieldError("password", problem)])
    _before, after = store.update(
        user.user_id,
        version,
        {
            "password_hash": hashing.hash_password(password),
            "password_changed_at": now(),
            "must_change_password": must_change,
            "token_version": user.token_version + 1,
        },
        who.user_id,
    )
    sessions.end_all(after, "password reset")
    lockout.unlock(user.email)
    record(who, "user.password_reset", "user", user.user_id, after={"must_change_password": must_change, "sessions": "ended"})
    emit("security", "user.password_reset", {"user_id": user.user_id}, who.user_id)
    emit("users", "user.changed", {"user_id": user.user_id}, who.user_id)
    return after, password


def get(who: Principal, user_id: str) -> User:
    """One user; everyone may see themselves. Raises NotFound, Forbidden."""
    if user_id != who.user_id:
        require(who, Permission.USERS_READ)
    return store.get(user_id)


def by_email(who: Principal, email: str) -> User | None:
    """The user with that address, None when there is none."""
    require(who, Permission.USERS_READ)
    return store.by_email(email)


def list_users(who: Principal, request: PageRequest, q: str = "", role: Role | None = None, active: bool | None = None) -> Page:
    """A page of users as public dictionaries."""
    require(who, Permission.USERS_READ)
    return store.page(request, q, role, active)


def _audited(user: User) -> dict[str, Any]:
    return {name: value for name, value in user.public().items() if name not in _MOMENTS}
