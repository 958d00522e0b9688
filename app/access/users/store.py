"""The users collection."""

import re
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from app.access.models import Role
from app.access.users.models import User
from app.access.users.rules import email_key
from app.core.errors import Conflict, FieldError, NotFound
from app.core.mongo import Document, Index, database, stamped, update_versioned, whole_write
from app.core.paging import Page, PageRequest, find_page

COLLECTION = "users"
SORTABLE = {
    "name": "name",
    "email": "email_key",
    "role": "role",
    "created_at": "created_at",
    "last_sign_in_at": "last_sign_in_at",
}

INDEXES = [
    Index(COLLECTION, (("email_key", 1),), unique=True),
    Index(COLLECTION, (("role", 1), ("active", 1))),
]


def from_document(document: Document) -> User:
    """The stored document as a User."""
    return User(
        user_id=document["_id"],
        name=document["name"],
        email=document["email"],
        role=Role(document["role"]),
        active=document["active"],
        must_change_password=document["must_change_password"],
        token_version=document["token_version"],
        version=document["version"],
        password_hash=document["password_hash"],
        created_at=document.get("created_at"),
        updated_at=document.get("updated_at"),
        last_sign_in_at=document.get("last_sign_in_at"),
        password_changed_at=document.get("password_changed_at"),
    )


def insert(user_id: str, fields: Document, actor: str) -> User:
    """A new user; raises Conflict when the email is taken, whatever its capitals."""
    document = stamped({"_id": user_id, **fields, "email_key": email_key(fields["email"]), "last_sign_in_at": None}, actor)
    try:
        whole_write(lambda: database()[COLLECTION].insert_one(document))
    except DuplicateKeyError as error:
        raise _taken(fields["email"]) from error
    return from_document(document)


def update(user_id: str, version: int, changes: Document, actor: str) -> tuple[User, User]:
    """(before, after) of a versioned change; raises NotFound, Stale, or Conflict when the email is taken."""
    if "email" in changes:
        changes = {**changes, "email_key": email_key(changes["email"])}
    try:
        before, after = update_versioned(database()[COLLECTION], user_id, version, changes, actor, "This user")
    except DuplicateKeyError as error:
        raise _taken(changes["email"]) from error
    return from_document(before), from_document(after)


def _taken(email: str) -> Conflict:
    return Conflict(
        f"Somebody already signs in with {email}. Use another address, or reactivate that person.",
        [FieldError("email", "This address is taken.")],
    )


def get(user_id: str) -> User:
    """One user; raises NotFound."""
    document = database()[COLLECTION].find_one({"_id": user_id})
    if document is None:
        raise NotFound(f"There is no user {user_id}.")
    return from_document(document)


def find(user_id: str) -> User | None:
    """One user, None when there is none."""
    document = database()[COLLECTION].find_one({"_id": user_id})
    return from_document(document) if document else None


def by_email(email: str) -> User | None:
    """The user who signs in with `email`, whatever its capitals."""
    document = database()[COLLECTION].find_one({"email_key": email_key(email)})
    return from_document(document) if document else None


def active_administrators() -> int:
    """How many people could repair a mistake in the user list."""
    return database()[COLLECTION].count_documents({"role": Role.ADMINISTRATOR.value, "active": True})


def note_sign_in(user_id: str, at: datetime) -> None:
    """Remember the last sign-in; no new version, so that it never collides with an edit."""
    database()[COLLECTION].update_one({"_id": user_id}, {"$set": {"last_sign_in_at": at}})


def replace_hash(user_id: str, old: str, new: str) -> None:
    """Store a hash of the same password with newer parameters, unless the password changed meanwhile."""
    database()[COLLECTION].update_one({"_id": user_id, "password_hash": old}, {"$set": {"password_hash": new}})


def page(request: PageRequest, q: str = "", role: Role | None = None, active: bool | None = None) -> Page:
    """Users whose name or email contains `q`."""
    where: Document = {}
    if q:
        pattern = {"$regex": re.escape(q), "$options": "i"}
        where["$or"] = [{"name": pattern}, {"email_key": pattern}]
    if role:
        where["role"] = role.value
    if active is not None:
        where["active"] = active
    found = find_page(database()[COLLECTION], where, request, SORTABLE)
    return Page([from_document(item).public() for item in found.items], found.next_cursor, found.total)
