"""Any program that takes JSON: signed, so that it can tell us from others, and numbered, so that it can tell once from twice."""

import hashlib
import hmac
import json
import time

from app.core.clock import iso
from app.supervisor.alerts.channels.channel import host_of, post
from app.supervisor.alerts.channels.words import Words
from app.supervisor.alerts.entries import WebhookEntry
from app.supervisor.alerts.grouping import Message


class WebhookChannel:
    """`X-TradeAI-Signature: v1=HEX` is HMAC-SHA256 of "timestamp.id.body" with the shared secret."""

    def __init__(self, entry: WebhookEntry, words: Words) -> None:
        self.name, self._entry, self._words = entry.name, entry, words
        self._url = entry.url.get_secret_value()
        self.address = host_of(self._url)

    def send(self, message: Message) -> None:
        body = json.dumps(self._document(message), ensure_ascii=False, sort_keys=True).encode()
        stamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "X-TradeAI-Id": message.id,
            "X-TradeAI-Timestamp": stamp,
            "X-TradeAI-Signature": "v1=" + signature(self._entry.secret.get_secret_value(), stamp, message.id, body),
        }
        post(self._url, self._entry.timeout.total_seconds(), headers, content=body)

    def _document(self, message: Message) -> dict[str, object]:
        wording = self._words(message)
        return {
            "id": message.id,
            "group": message.group,
            "kind": message.kind.value,
            "priority": message.priority.value,
            "at": iso(message.at),
            "subject": wording.subject,
            "text": wording.text(),
            "affected": list(message.affected),
            "link": wording.link,
            "alerts": [
                {
                    "id": alert.id,
                    "rule": alert.rule,
                    "subject": alert.subject,
                    "stage": alert.stage.value,
                    "cause": alert.cause,
                    "detail": alert.detail,
                    "since": iso(alert.since),
                    "acknowledged_by": alert.acknowledged_by,
                }
                for alert in message.alerts
            ],
        }


def signature(secret: str, stamp: str, message_id: str, body: bytes) -> str:
    """What the receiver works out as well, and compares in constant time; it also refuses stamps older than five minutes."""
    return hmac.new(secret.encode(), f"{stamp}.{message_id}.".encode() + body, hashlib.sha256).hexdigest()
