"""Decisions about users, as pure functions."""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from app.access.models import Role
from app.access.users.models import EMAIL_MAX, NAME_MAX
from app.core.errors import FieldError

_EMAIL = re.compile(r"^[^\s@\"<>(),:;\\\[\]]+@(?:[^\s@\"<>(),:;\\\[\].]+\.)*[^\s@\"<>(),:;\\\[\].]+$")
# What decides over access; anything else (a name, an address) leaves open sessions alone.
_ENDS_SESSIONS = ("role", "active")


def email_key(email: str) -> str:
    """The form in which two addresses are the same: compatibility-normalised, case folded, trimmed."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def tidy_name(name: str) -> str:
    """Trimmed, inner white space single, control characters gone."""
    printable = "".join(letter for letter in name if letter.isprintable() or letter.isspace())
    return " ".join(unicodedata.normalize("NFC", printable).split())


def faults(email: str, name: str) -> Iterator[FieldError]:
    """What is wrong with an address and a name."""
    if not email.strip():
        yield FieldError("email", "Give the email address that the person signs in with.")
    elif len(email) > EMAIL_MAX or not _EMAIL.match(email.strip()) or not email.isprintable():
        yield FieldError("email", "This is not an email address; write it like name@company.com.")
    if not tidy_name(name):
        yield FieldError("name", "Give the person's name.")
    elif len(name) > NAME_MAX:
        yield FieldError("name", f"Use at most {NAME_MAX} characters.")


def ends_sessions(before: Mapping[str, object], changes: Mapping[str, object]) -> bool:
    """Whether these changes must end what the person has open now."""
    return any(name in changes and changes[name] != before.get(name) for name in _ENDS_SESSIONS)


def loses_administrator(role: Role, active: bool, new_role: Role, new_active: bool) -> bool:
    """Whether an active administrator stops being one."""
    was = role is Role.ADMINISTRATOR and active
    return was and not (new_role is Role.ADMINISTRATOR and new_active)
