"""From an entry of the settings to the channel that sends."""

from collections.abc import Iterable

from app.supervisor.alerts.channels.apprise import AppriseChannel
from app.supervisor.alerts.channels.channel import Channel
from app.supervisor.alerts.channels.mail import MailChannel
from app.supervisor.alerts.channels.pagerduty import PagerDutyChannel
from app.supervisor.alerts.channels.slack import SlackChannel
from app.supervisor.alerts.channels.webhook import WebhookChannel
from app.supervisor.alerts.channels.words import Words
from app.supervisor.alerts.entries import (
    AnyChannel,
    MailEntry,
    PagerDutyEntry,
    SlackEntry,
    WebhookEntry,
)


def open_channels(entries: Iterable[AnyChannel], words: Words) -> dict[str, Channel]:
    """The channels by name; nothing is connected yet."""
    return {entry.name: _open(entry, words) for entry in entries}


def _open(entry: AnyChannel, words: Words) -> Channel:
    match entry:
        case MailEntry():
            return MailChannel(entry, words)
        case SlackEntry():
            return SlackChannel(entry, words)
        case PagerDutyEntry():
            return PagerDutyChannel(entry, words)
        case WebhookEntry():
            return WebhookChannel(entry, words)
        case _:
            return AppriseChannel(entry, words)
