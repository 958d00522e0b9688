"""What was done with backups, into the audit trail: the supervisor delivers it (app/backup/owed.py)."""

from datetime import datetime

from apiflask import APIBlueprint
from flask import request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.access.audit.service import record
from app.access.models import Principal, Role
from app.core.errors import Invalid
from app.core.i18n import _
from app.web.inside import only_from_inside

blueprint = APIBlueprint("backup_trail", __name__, url_prefix="/internal/audit", enable_openapi=False)
blueprint.before_request(lambda: only_from_inside("audit"))


class Entry(BaseModel):
    """`at` is when it was done, which may be long before there was a trail to write it to."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(max_length=40)
    at: datetime
    who: str = Field(max_length=100)
    action: str = Field(pattern=r"^backup\.[a-z_]{1,30}$")
    backup: str = Field(max_length=100)
    text: str = Field(max_length=1000)


@blueprint.post("")
def append() -> tuple[str, int]:
    """One entry about a backup, and about nothing else."""
    try:
        entry = Entry.model_validate(request.get_json(silent=True) or {})
    except ValidationError as error:
        raise Invalid(_("This is no entry about a backup: {reason}", reason=str(error.errors()[0]["msg"]))) from error
    who = Principal(user_id="operator", name=entry.who, email="", role=Role.ADMINISTRATOR)
    record(who, entry.action, "backup", entry.backup, None, {"text": entry.text, "done_at": entry.at, "id": entry.id})
    return "", 204
