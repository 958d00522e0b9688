"""Mail through a server with STARTTLS or TLS. What belongs together is one thread in the reader's mail program."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape

from app.supervisor.alerts.channels.channel import NotSent
from app.supervisor.alerts.channels.words import Words
from app.supervisor.alerts.entries import MailEntry
from app.supervisor.alerts.grouping import Kind, Message
from app.supervisor.alerts.wording import Wording

_THREAD_START = frozenset({Kind.TRIGGER, Kind.TEST, Kind.SELF_TEST})
_FOR_EVER = range(500, 600)


class MailChannel:
    """One connection a message: alerts are few, and a connection that is kept goes stale unseen."""

    def __init__(self, entry: MailEntry, words: Words) -> None:
        self.name, self._entry, self._words = entry.name, entry, words
        self.address = f"{', '.join(entry.to)} ({entry.host}:{entry.port})"

    def send(self, message: Message) -> None:
        mail = self._mail(message)
        try:
            with self._connect() as server:
                refused = server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            raise NotSent(_refused(error.recipients), all(code in _FOR_EVER for code, _ in error.recipients.values())) from error
        except smtplib.SMTPAuthenticationError as error:
            raise NotSent(f"the mail server refuses user and password: {error.smtp_code} {_text(error.smtp_error)}") from error
        except smtplib.SMTPResponseException as error:
            text = f"the mail server answered {error.smtp_code} {_text(error.smtp_error)}"
            raise NotSent(text, error.smtp_code in _FOR_EVER) from error
        except (smtplib.SMTPException, OSError) as error:
            raise NotSent(f"{self._entry.host}:{self._entry.port}: {error or type(error).__name__}"[:300]) from error
        if refused:  # the others have it: sending again would double theirs
            raise NotSent(_refused(refused), permanent=True)

    def _connect(self) -> smtplib.SMTP:
        entry, seconds = self._entry, self._entry.timeout.total_seconds()
        if entry.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(entry.host, entry.port, timeout=seconds, context=self._tls())
        else:
            server = smtplib.SMTP(entry.host, entry.port, timeout=seconds)
        try:
            if entry.security == "starttls":
                server.starttls(context=self._tls())
            if entry.user:
                server.login(entry.user, entry.password.get_secret_value())
        except BaseException:
            server.close()
            raise
        return server

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self._entry.ca_file) if self._entry.ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _mail(self, message: Message) -> EmailMessage:
        wording, domain = self._words(message), self._entry.sender.rpartition("@")[2].strip(">")
        mail = EmailMessage()
        mail["From"], mail["To"] = self._entry.sender, ", ".join(self._entry.to)
        mail["Subject"], mail["Date"] = wording.subject, format_datetime(message.at)
        mail["Message-ID"] = f"<{message.id}@{domain}>"
        if message.kind not in _THREAD_START:
            first = f"<{message.group}.{Kind.TRIGGER.value}.{self.name}@{domain}>"
            mail["In-Reply-To"] = mail["References"] = first
        mail["Auto-Submitted"] = "auto-generated"
        if message.priority in {"P1", "P2"} and message.kind in {Kind.TRIGGER, Kind.ESCALATE, Kind.OVERDUE}:
            mail["Importance"] = "high"
        mail.set_content(wording.text())
        mail.add_alternative(_html(wording), subtype="html")
        return mail


def _html(wording: Wording) -> str:
    """The same as the text, for mail programs that show HTML; no pictures, nothing fetched."""
    rows = []
    for fact in wording.facts:
        lines = [f"<strong>{escape(fact.title)}</strong>"]
        lines += [escape(line) for line in dict.fromkeys((fact.detail, fact.since, fact.advice)) if line]
        lines += [_where(fact.runbook)] if fact.runbook else []
        rows.append("<p>" + "<br>".join(lines) + "</p>")
    rest = [f"<p>{escape(line)}</p>" for line in (wording.affected, wording.closing) if line]
    link = f'<p><a href="{escape(wording.link)}">{escape(wording.link)}</a></p>' if wording.link else ""
    head = f'<h2 style="font-size:18px">{escape(wording.headline)}</h2>'
    return f'<html><body style="font-family:sans-serif;max-width:40em">{head}{"".join(rows)}{"".join(rest)}{link}</body></html>'


def _where(runbook: str) -> str:
    """A link, where it is an address, else the place on the host."""
    shown = escape(runbook)
    return f'<a href="{shown}">{shown}</a>' if runbook.startswith(("https://", "http://")) else f"<code>{shown}</code>"


def _refused(recipients: dict[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{who} is refused: {code} {_text(text)}" for who, (code, text) in recipients.items())[:300]


def _text(answer: bytes | str) -> str:
    return answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
