"""SMS, Teams, Telegram, Matrix and a hundred others, through Apprise, which runs in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import app
from app.supervisor.alerts.channels.channel import NotSent
from app.supervisor.alerts.channels.words import Words
from app.supervisor.alerts.entries import AppriseEntry
from app.supervisor.alerts.grouping import Kind, Message

_MODULE = "app.supervisor.alerts.channels.apprise_process"
_ROOT = Path(app.__file__).parent.parent
_LOADING_SECONDS = 45  # on a busy host


class AppriseChannel:
    """One Apprise address, which goes to the process through its standard input: a command line could be read by others."""

    def __init__(self, entry: AppriseEntry, words: Words) -> None:
        self.name, self._entry, self._words = entry.name, entry, words
        self._url = entry.url.get_secret_value()
        self.address = f"{self._url.partition('://')[0]}://…"

    def send(self, message: Message) -> None:
        wording = self._words(message)
        body = wording.text().partition("\n\n")[2] or wording.headline
        answer = self._run({"url": self._limited(), "title": wording.subject, "body": body, "type": _type_of(message)})
        if answer["outcome"] == "unknown":
            raise NotSent("Apprise does not understand the address; see https://github.com/caronc/apprise/wiki", permanent=True)
        if answer["outcome"] != "sent":
            error = str(answer["error"]).replace(self._url, self.address)
            raise NotSent(error[:300] or "Apprise could not deliver it")

    def _run(self, order: dict[str, str]) -> dict[str, Any]:
        seconds = self._entry.timeout.total_seconds() + _LOADING_SECONDS
        try:
            done = subprocess.run(
                [sys.executable, "-m", _MODULE],
                input=json.dumps(order),
                capture_output=True,
                text=True,
                timeout=seconds,
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
                check=True,
            )
            return dict(json.loads(done.stdout))
        except subprocess.TimeoutExpired as error:
            raise NotSent(f"Apprise was not done within {seconds:g} s") from error
        except (OSError, subprocess.CalledProcessError, ValueError) as error:
            raise NotSent(f"Apprise could not be run ({type(error).__name__})") from error

    def _limited(self) -> str:
        """The address with our time limits, unless it names its own."""
        if "rto=" in self._url or "cto=" in self._url:
            return self._url
        seconds = self._entry.timeout.total_seconds()
        return f"{self._url}{'&' if '?' in self._url else '?'}cto={seconds:g}&rto={seconds:g}"


def _type_of(message: Message) -> str:
    if message.kind is Kind.RESOLVE:
        return "success"
    if message.kind in {Kind.TRIGGER, Kind.ESCALATE, Kind.OVERDUE}:
        return "failure" if message.priority in {"P1", "P2"} else "warning"
    return "info"
