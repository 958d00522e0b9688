"""Delivers to the audit trail what it is owed about backups, as soon as the backend takes it."""

from collections.abc import Callable
from dataclasses import asdict

import httpx

from app.backup.owed import owed, paid, refused
from app.backup.shelf import Shelf
from app.core.http import open_client
from app.core.internal import HEADER, word_for
from app.core.logging import get_logger

_SECONDS = 10.0
_PATH = "/internal/audit"
_UNFIT = 422
log = get_logger(__name__)


class Trail:
    """`url` is the backend inside the appliance, `password` the secret that both hold."""

    def __init__(self, url: str, password: Callable[[], str]) -> None:
        self._url, self._password = url, password

    def deliver(self, shelf: Shelf) -> int:
        """How many entries were taken; the others wait for the next time, in their order."""
        waiting = owed(shelf)
        if not waiting:
            return 0
        taken = 0
        with open_client(self._url, timeout_seconds=_SECONDS) as http:
            for entry in waiting:
                body = asdict(entry) | {"at": entry.at.isoformat()}
                try:
                    answer = http.post(_PATH, json=body, headers={HEADER: word_for("audit", self._password())})
                except httpx.HTTPError:
                    break
                if answer.status_code == _UNFIT:
                    log.error("the audit trail refuses an entry about a backup", about=entry.backup, reason=answer.text[:300])
                    refused(shelf, entry)
                elif answer.is_error:
                    break
                else:
                    paid(shelf, entry)
                    taken += 1
        return taken
