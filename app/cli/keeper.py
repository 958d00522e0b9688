"""How commands talk to the supervisor: its JSON API, with the operator's password from the secret file."""

from collections.abc import Mapping
from typing import Any

import httpx

from app.core.errors import TradeError, Unavailable
from app.core.http import open_client
from app.core.i18n import _
from app.core.settings import settings

_OPERATOR = "operator"


class KeeperRefused(TradeError):
    """The supervisor answered, and said no; its own words are the message."""


def ask_keeper(method: str, path: str, body: Mapping[str, Any] | None = None, seconds: float = 30) -> Any:
    """The JSON answer to `method /api/...`. Raises KeeperRefused with the supervisor's reason, Unavailable without an answer."""
    config = settings()
    password = config.secret("supervisor_password").get_secret_value()
    try:
        with open_client(config.supervisor_url, timeout_seconds=seconds) as http:
            answer = http.request(method, path, json=body, auth=(_OPERATOR, password))
            document = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        text = _("The supervisor does not answer ({error}). Start the appliance: docker compose up -d", error=str(error))
        raise Unavailable(text) from error
    if answer.is_error:
        raise KeeperRefused(str(document.get("detail") or document.get("title") or answer.reason_phrase))
    return document
