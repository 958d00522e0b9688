"""What the sign-in API takes and gives."""

from pydantic import BaseModel, ConfigDict, Field

from app.access.models import Role


class Credentials(BaseModel):
    """Email and password."""

    model_config = ConfigDict(extra="forbid")

    email: str = Field(min_length=1, max_length=1024)
    password: str = Field(min_length=1, max_length=1024)


class RefreshRequest(BaseModel):
    """A refresh token; each works once."""

    model_config = ConfigDict(extra="forbid")

    refresh_token: str = Field(min_length=1, max_length=200)


class TokenPair(BaseModel):
    """Send `access_token` as Bearer; before it expires, exchange `refresh_token` for the next pair."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the scheme's name
    expires_in: int = Field(description="Seconds until the access token expires.")
    refresh_token: str
    refresh_expires_in: int = Field(description="Seconds until the refresh token expires.")
    must_change_password: bool = Field(description="If true, only changing the password works.")


class NewPassword(BaseModel):
    """Change of one's own password."""

    model_config = ConfigDict(extra="forbid")

    current_password: str = Field(min_length=1, max_length=1024)
    new_password: str = Field(min_length=1, max_length=1024)


class Me(BaseModel):
    """The signed-in person."""

    id: str
    email: str
    name: str
    role: Role
    permissions: list[str]
    must_change_password: bool


class Ticket(BaseModel):
    """A one-time ticket for the WebSocket."""

    ticket: str
    expires_in: int = Field(description="Seconds.")
