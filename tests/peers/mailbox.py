"""A mail server that keeps what arrives: each keeper's messages to people, counted in the same way."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Mailbox:
    host: str
    port: int = 0
    mails: list[tuple[datetime, str]] = field(default_factory=list)  # moment, subject

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        subject = str(make_header(decode_header(message_from_bytes(envelope.content)["Subject"] or "")))
        self.mails.append((datetime.now(UTC), subject))
        return "250 taken"

    def since(self, moment: datetime) -> list[str]:
        return [subject for at, subject in self.mails if at >= moment]


@contextmanager
def mailbox(host: str) -> Iterator[Mailbox]:
    """On `host`, the address of this machine that containers reach."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port = int(probe.getsockname()[1])
    made = Mailbox(host, port)
    server = Controller(made, hostname=host, port=port)
    server.start()
    try:
        yield made
    finally:
        server.stop()
