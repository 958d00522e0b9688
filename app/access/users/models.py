"""The words of users: the person kept in the database, and what the API takes and gives."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.access.models import Principal, Role

EMAIL_MAX, NAME_MAX = 254, 120


@dataclass(frozen=True)
class User(Principal):
    """A person with an account. `version` guards edits; `token_version` ends every session when it rises."""

    active: bool = True
    must_change_password: bool = False
    token_version: int = 1
    version: int = 1
    password_hash: str = field(default="", repr=False)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    last_sign_in_at: datetime | None = None
    password_changed_at: datetime | None = None

    @property
    def status(self) -> str:
        """`active` or `disabled`, as pages show it."""
        return "active" if self.active else "disabled"

    def public(self) -> dict[str, Any]:
        """What may be shown and audited: everything but the password's hash."""
        return {
            "id": self.user_id,
            "email": self.email,
            "name": self.name,
            "role": self.role.value,
            "active": self.active,
            "must_change_password": self.must_change_password,
            "version": self.version,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
            "last_sign_in_at": self.last_sign_in_at,
            "password_changed_at": self.password_changed_at,
        }


class UserOut(BaseModel):
    """A user as the API shows it."""

    id: str
    email: str
    name: str
    role: Role
    active: bool
    must_change_password: bool
    version: int
    created_at: datetime | None = None
    updated_at: datetime | None = None
    last_sign_in_at: datetime | None = None
    password_changed_at: datetime | None = None


class UserCreated(UserOut):
    """A new user; `password` is shown this once, and only when the machine chose it."""

    password: str | None = None


class UserIn(BaseModel):
    """A new user. Without `password` the machine chooses one that must be changed at the first sign-in."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(max_length=EMAIL_MAX)
    name: str = Field(min_length=1, max_length=NAME_MAX)
    role: Role
    password: str | None = Field(None, max_length=1024)


class UserChange(BaseModel):
    """Changes to a user; `version` is the one that was read."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**31)
    email: str | None = Field(None, max_length=EMAIL_MAX)
    name: str | None = Field(None, min_length=1, max_length=NAME_MAX)
    role: Role | None = None
    active: bool | None = None


class PasswordReset(BaseModel):
    """Ask for a new password of a user; `version` is the one that was read."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=2**31)


class UserList(BaseModel):
    """A page of users."""

    items: list[UserOut]
    next_cursor: str | None
    total: int | None


class UserQuery(BaseModel):
    """Filters of the list of users."""

    q: str = Field("", max_length=200)
    role: Role | None = None
    active: bool | None = None
    sort: str = Field("name", max_length=40)
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(None, max_length=1000)
