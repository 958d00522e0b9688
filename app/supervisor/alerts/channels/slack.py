"""Slack, through an incoming webhook."""

from typing import Any

from app.supervisor.alerts.channels.channel import NotSent, host_of, post
from app.supervisor.alerts.channels.words import Words
from app.supervisor.alerts.entries import SlackEntry
from app.supervisor.alerts.grouping import Kind, Message

_LONGEST = 2900  # characters in one block


class SlackChannel:
    """One message a call; the address is the secret."""

    def __init__(self, entry: SlackEntry, words: Words) -> None:
        self.name, self._entry, self._words = entry.name, entry, words
        self._url = entry.url.get_secret_value()
        self.address = host_of(self._url)

    def send(self, message: Message) -> None:
        answer = post(self._url, self._entry.timeout.total_seconds(), json=self._payload(message))
        if answer.text.strip() not in {"ok", ""}:
            raise NotSent(f"Slack answered: {answer.text[:200]}")

    def _payload(self, message: Message) -> dict[str, Any]:
        wording = self._words(message)
        sign = {
            Kind.TRIGGER: ":rotating_light:",
            Kind.ESCALATE: ":mega:",
            Kind.OVERDUE: ":hourglass:",
            Kind.RESOLVE: ":white_check_mark:",
        }
        blocks = [{"type": "header", "text": {"type": "plain_text", "text": wording.headline[:150]}}]
        for part in wording.text().split("\n\n")[1:]:
            blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": _escape(part)[:_LONGEST]}})
        return {"text": f"{sign.get(message.kind, ':bell:')} {_escape(wording.subject)}", "blocks": blocks[:50]}


def _escape(text: str) -> str:
    """The three characters that Slack reads as markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
