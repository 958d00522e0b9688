"""Days until the certificate that nginx shows expires, read from the handshake as a browser would."""

import socket
import ssl
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from app.core.clock import Clock
from app.supervisor.events import Measured
from app.supervisor.measures.source import Source

SECONDS = 3600.0
AGAIN_SECONDS = 60.0
_ANSWER_SECONDS = 5.0
_SEQUENCE, _UTC_TIME, _GENERALIZED_TIME = 0x30, 0x17, 0x18


def read_certificate(
    host: str, port: int, name: str, fetch: Callable[[str, int, str], bytes], clock: Clock
) -> Iterable[Measured]:
    """`certificate_days` for `name`: whole and part days, below 0 once it expired. Raises OSError without a handshake."""
    ends = not_after(fetch(host, port, name))
    days = (ends - clock.now()) / timedelta(days=1)
    yield Measured("certificate_days", round(days, 2), name, f"valid until {ends:%Y-%m-%d %H:%M} UTC")


def fetch(host: str, port: int, name: str) -> bytes:
    """The certificate as DER. It is looked at, not trusted: one made by deploy.sh is signed by nobody."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection((host, port), _ANSWER_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    if shown is None:
        raise ConnectionError("nginx showed no certificate")
    return shown


def not_after(der: bytes) -> datetime:
    """The end of validity in an X.509 certificate (RFC 5280, 4.1). Raises ValueError for anything else.

    Read by hand: a library for it costs 10 MB of memory, for two lines of a fixed structure.
    """
    try:
        _tag, certificate, _rest = _element(der)
        _tag, to_be_signed, _rest = _element(certificate)
        fields = _elements(to_be_signed)
        if fields[0][0] == 0xA0:  # the version, absent in version 1
            fields = fields[1:]
        _number, _algorithm, _issuer, (tag, validity) = fields[:4]
        if tag != _SEQUENCE:
            raise ValueError("no validity where it belongs")
        _begins, (kind, text) = _elements(validity)
        return _moment(kind, text.decode("ascii"))
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("this is no certificate") from error


def _moment(kind: int, text: str) -> datetime:
    if kind == _UTC_TIME:
        century = "19" if int(text[:2]) >= 50 else "20"
        text = century + text
    elif kind != _GENERALIZED_TIME:
        raise ValueError(f"{kind:#x} is no moment")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)


def _elements(content: bytes) -> list[tuple[int, bytes]]:
    found = []
    while content:
        tag, value, content = _element(content)
        found.append((tag, value))
    return found


def _element(content: bytes) -> tuple[int, bytes, bytes]:
    """(tag, value, what follows) of the first element."""
    tag, length, start = content[0], content[1], 2
    if length & 0x80:
        octets = length & 0x7F
        length, start = int.from_bytes(content[2 : 2 + octets], "big"), 2 + octets
    if len(content) < start + length:
        raise ValueError("the certificate ends early")
    return tag, content[start : start + length], content[start + length :]


def source(host: str, port: int, name: str, clock: Clock) -> Source:
    """The source."""
    return Source("certificate", SECONDS, lambda: read_certificate(host, port, name, fetch, clock), AGAIN_SECONDS)
