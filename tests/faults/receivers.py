"""Where the appliance's alerts go: a program and a mail server on this machine, each of which can be switched off."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

WEBHOOK, MAIL = "program", "mail"


@dataclass(frozen=True)
class Told:
    """One message that arrived: its id is `group.kind.channel`."""

    at: datetime
    channel: str
    id: str
    alerts: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return self.id.rsplit(".", 2)[1]


@dataclass
class Receivers:
    """Everything that arrived, on both channels. `closed` names the channels that refuse for now."""

    host: str
    webhook_port: int = 0
    mail_port: int = 0
    heard: list[Told] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)

    def since(self, moment: datetime, kind: str = "trigger") -> list[Told]:
        return [told for told in self.heard if told.at >= moment and told.kind == kind]

    def program_hears(self, body: bytes) -> None:
        message = json.loads(body)
        about = tuple(f"{alert['rule']} {alert['subject']}".strip() for alert in message["alerts"])
        self.heard.append(Told(datetime.now(UTC), WEBHOOK, message["id"], about))

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if MAIL in self.closed:
            return "451 come back later"
        identity = str(message_from_bytes(envelope.content)["Message-ID"]).strip().strip("<>")
        self.heard.append(Told(datetime.now(UTC), MAIL, identity.rpartition("@")[0]))
        return "250 taken"


@contextmanager
def receivers(host: str) -> Iterator[Receivers]:
    """Both, on `host`, the address of this machine that the containers reach."""
    both = Receivers(host)

    class Program(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            away = WEBHOOK in both.closed
            if not away:
                both.program_hears(body)
            self.send_response(503 if away else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_values: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer((host, 0), Program)
    server.daemon_threads = True
    both.webhook_port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    mail = Controller(both, hostname=host, port=_free_port(host))
    mail.start()
    both.mail_port = mail.port
    try:
        yield both
    finally:
        mail.stop()
        server.shutdown()
        server.server_close()


def _free_port(host: str) -> int:
    import socket

    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
