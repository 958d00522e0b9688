"""What the audit API takes and gives."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class EntryOut(BaseModel):
    """One entry of the audit trail."""

    seq: int
    at: datetime
    actor: str
    actor_name: str
    action: str
    subject_type: str
    subject_id: str
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    request_id: str = ""
    address: str = ""
    prev: str
    hash: str


class EntryList(BaseModel):
    """A page of entries, newest first."""

    items: list[EntryOut]
    next_cursor: str | None
    total: int | None


class EntryQuery(BaseModel):
    """Filters of the trail. `action` ending in a dot matches the whole kind (`user.`)."""

    actor: str = Field("", max_length=100)
    action: str = Field("", max_length=100)
    subject_type: str = Field("", max_length=100)
    subject_id: str = Field("", max_length=200)
    request_id: str = Field("", max_length=100)
    since: datetime | None = None
    until: datetime | None = None
    sort: str = Field("-seq", max_length=40)
    limit: int = Field(50, ge=1, le=500)
    cursor: str | None = Field(None, max_length=1000)


class ChainState(BaseModel):
    """Whether the chain of hashes holds."""

    ok: bool
    entries: int
    last_hash: str
    at: datetime
    first_checked: int
    anchored: bool
    broken_at: int | None = None
    reason: str | None = None
