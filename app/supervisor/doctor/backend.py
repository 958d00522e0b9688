"""Asks the backend about the data that only it sees: people, audit trail, indexes, migrations, Redis, jobs."""

from collections.abc import Callable
from typing import Any

import httpx

from app.core.http import open_client
from app.core.internal import HEADER, word_for

_SECONDS = 60.0  # walking the audit trail takes its time


class BackendSilent(Exception):
    """No answer of use; the message says which."""


class Backend:
    """The address inside the appliance. `password` is the secret that both hold."""

    def __init__(self, url: str, password: Callable[[], str]) -> None:
        self._url, self._password = url, password

    def tell(self) -> dict[str, Any]:
        """What `GET /internal/doctor` says. Raises BackendSilent."""
        return self._ask("GET", "/internal/doctor")

    def create_indexes(self) -> int:
        """How many missing indexes were made. Raises BackendSilent."""
        return int(self._ask("POST", "/internal/doctor/indexes")["created"])

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        try:
            with open_client(self._url, timeout_seconds=_SECONDS) as http:
                answer = http.request(method, path, headers={HEADER: word_for("doctor", self._password())})
            if answer.is_error:
                raise BackendSilent(f"{path} answers {answer.status_code}")
            document = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise BackendSilent(str(error) or type(error).__name__) from error
        return dict(document)
