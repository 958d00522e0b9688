"""SMS, Teams, Telegram, Matrix and a hundred others, through Apprise. It is large, so it is loaded when first used."""

import logging
from typing import Any

from app.supervisor.alerts.channels.channel import NotSent
from app.supervisor.alerts.channels.words import Words
from app.supervisor.alerts.entries import AppriseEntry
from app.supervisor.alerts.grouping import Kind, Message


class AppriseChannel:
    """One Apprise address. Apprise says only whether it worked; the reason is in its log lines, which are collected."""

    def __init__(self, entry: AppriseEntry, words: Words) -> None:
        self.name, self._entry, self._words = entry.name, entry, words
        self._url = entry.url.get_secret_value()
        self.address = f"{self._url.partition('://')[0]}://…"

    def send(self, message: Message) -> None:
        import apprise

        wording = self._words(message)
        sender = apprise.Apprise()
        if not sender.add(self._limited()):
            raise NotSent("Apprise does not understand the address; see https://github.com/caronc/apprise/wiki", permanent=True)
        body = wording.text().partition("\n\n")[2] or wording.headline
        heard = _Heard()
        logger = logging.getLogger("apprise")
        logger.propagate = False  # its lines may show addresses, which are secrets
        logger.addHandler(heard)
        try:
            worked = sender.notify(body=body, title=wording.subject, notify_type=_type_of(apprise, message))
        finally:
            logger.removeHandler(heard)
        if not worked:
            raise NotSent(heard.last.replace(self._url, self.address)[:300] or "Apprise could not deliver it")

    def _limited(self) -> str:
        """The address with our time limits, unless it names its own."""
        if "rto=" in self._url or "cto=" in self._url:
            return self._url
        seconds = self._entry.timeout.total_seconds()
        return f"{self._url}{'&' if '?' in self._url else '?'}cto={seconds:g}&rto={seconds:g}"


def _type_of(apprise: Any, message: Message) -> Any:
    types = apprise.NotifyType
    if message.kind is Kind.RESOLVE:
        return types.SUCCESS
    if message.kind in {Kind.TRIGGER, Kind.ESCALATE}:
        return types.FAILURE if message.priority in {"P1", "P2"} else types.WARNING
    return types.INFO


class _Heard(logging.Handler):
    """Keeps the last complaint."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()
