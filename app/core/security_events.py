"""Security events: what the supervisor must hear of even while Redis is down, so there are two ways and each event has an id.

The stream `security` is the first way; when Redis does not take an event it goes to the file security.log in the log folder,
one JSON object a line, which the supervisor follows as well. An event that arrives both ways is counted once. No event holds
an e-mail address, a password or a token: people are named by their id, unknown addresses by a fingerprint.
"""

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import uuid4

from redis.exceptions import RedisError

from app.core.clock import iso, now
from app.core.logging import get_logger
from app.core.redis import client
from app.core.settings import settings

STREAM = "security"
KEPT = 10_000
FILE = "security.log"
FIELD = "event"

log = get_logger(__name__)


class Kind(StrEnum):
    """What happened."""

    SIGN_IN_FAILED = "sign_in.failed"
    SIGN_IN_REFUSED = "sign_in.refused"  # while locked, whatever the password
    SIGN_IN_LOCKED = "sign_in.locked"
    ACCESS_REFUSED = "access.refused"  # the role does not allow it
    PRIVILEGE_ATTEMPT = "privilege.attempt"  # somebody reached for what makes an administrator
    PRIVILEGE_CHANGED = "privilege.changed"  # an administrator gave or took a role
    REFRESH_REUSED = "refresh.reused"  # a stolen token, most likely
    AUDIT_VERIFIED = "audit.verified"


def report(kind: Kind, subject: str, **facts: Any) -> None:
    """Tell the supervisor; never fails, for what is being reported matters more than the report."""
    event = {"id": uuid4().hex, "kind": kind.value, "at": iso(now()), "subject": subject, **facts}
    line = json.dumps(event, default=str, separators=(",", ":"))
    try:
        client().xadd(STREAM, {FIELD: line}, maxlen=KEPT, approximate=True)
    except RedisError as error:
        log.warning("security event goes to the file", kind=kind.value, error=str(error))
        _append(line)


def _append(line: str) -> None:
    """One write, so that lines of several processes do not mix."""
    folder = settings().log_dir
    if folder is None:
        return
    try:
        descriptor = os.open(Path(folder) / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)
    except OSError as error:
        log.error("security event could not be written", error=str(error), lost=line)
