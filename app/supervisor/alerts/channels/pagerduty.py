"""PagerDuty, Events API v2: trigger, acknowledge and resolve under one deduplication key."""

from typing import Any

from app.core.clock import iso
from app.supervisor.alerts.channels.channel import host_of, post
from app.supervisor.alerts.channels.words import Words
from app.supervisor.alerts.entries import PagerDutyEntry
from app.supervisor.alerts.grouping import Kind, Message

_TESTS = frozenset({Kind.TEST, Kind.SELF_TEST})
_ACTIONS = {Kind.ACKNOWLEDGE: "acknowledge", Kind.RESOLVE: "resolve"}
_LONGEST_SUMMARY = 1024


class PagerDutyChannel:
    """A test opens an incident and closes it at once, so that the whole way is proven and nobody is left with it."""

    def __init__(self, entry: PagerDutyEntry, words: Words) -> None:
        self.name, self._entry, self._words = entry.name, entry, words
        self.address = host_of(entry.url)

    def send(self, message: Message) -> None:
        self._post(self._event(message, _ACTIONS.get(message.kind, "trigger")))
        if message.kind in _TESTS:
            self._post(self._event(message, "resolve"))

    def _post(self, event: dict[str, Any]) -> None:
        post(self._entry.url, self._entry.timeout.total_seconds(), json=event)

    def _event(self, message: Message, action: str) -> dict[str, Any]:
        event: dict[str, Any] = {
            "routing_key": self._entry.routing_key.get_secret_value(),
            "event_action": action,
            "dedup_key": message.id if message.kind in _TESTS else f"tradeai-{message.group}",
        }
        if action != "trigger":
            return event
        wording = self._words(message)
        event["payload"] = {
            "summary": wording.headline[:_LONGEST_SUMMARY],
            "source": "tradeai",
            "severity": wording.severity,
            "timestamp": iso(message.at),
            "component": message.alerts[0].cause if message.alerts else "alerts",
            "group": message.group,
            "class": message.alerts[0].rule if message.alerts else message.kind.value,
            "custom_details": {"text": wording.text(), "priority": message.priority.value, "affected": list(message.affected)},
        }
        event["client"] = "TradeAI"
        if wording.link:
            event["client_url"] = wording.link
            event["links"] = [{"href": wording.link, "text": "Alert"}]
            event["links"] += [
                {"href": fact.runbook, "text": f"What to do: {fact.title}"} for fact in wording.facts if fact.runbook
            ]
        return event
