"""Looks at the public door as a browser does: its certificate, whether it is trusted, and which old TLS it accepts."""

import socket
import ssl
import warnings
from datetime import UTC

from app.supervisor.doctor.world import Certificate

_SECONDS = 5.0
_OLD = {"TLS 1.0": ssl.TLSVersion.TLSv1, "TLS 1.1": ssl.TLSVersion.TLSv1_1}


def look_at_door(host: str, port: int, name: str) -> Certificate:
    """The certificate that `host` shows for `name`. Raises OSError when there is no encrypted door."""
    from cryptography import x509  # late: it weighs more than all checks together and is needed once a day
    from cryptography.x509.oid import NameOID

    der = _certificate(host, port, name)
    found = x509.load_der_x509_certificate(der)
    refusal = _refusal(host, port, name)
    issuer = found.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    common = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Certificate(
        name=str(common[0].value) if common else name,
        issuer=str(issuer[0].value) if issuer else found.issuer.rfc4514_string(),
        self_signed=found.issuer == found.subject,
        trusted=not refusal,
        refusal=refusal,
        ends_at=found.not_valid_after_utc.astimezone(UTC),
        old_protocols=tuple(label for label, version in _OLD.items() if _accepts(host, port, name, version)),
    )


def _certificate(host: str, port: int, name: str) -> bytes:
    with _connected(_blind(), host, port, name) as connection:
        found = connection.getpeercert(binary_form=True)
    if not found:
        raise OSError("no certificate was shown")
    return found


def _refusal(host: str, port: int, name: str) -> str:
    """Why this system's authorities do not trust it for `name`; empty when they do."""
    try:
        with _connected(ssl.create_default_context(), host, port, name):
            return ""
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except ssl.SSLError as error:
        return str(error.reason or error)


def _accepts(host: str, port: int, name: str, version: ssl.TLSVersion) -> bool:
    """Whether the door speaks `version`, asked by a client that would accept anything."""
    context = _blind()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    try:
        with _connected(context, host, port, name):
            return True
    except OSError:
        return False


def _blind() -> ssl.SSLContext:
    """A client that judges nothing: what it meets is to be described."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _connected(context: ssl.SSLContext, host: str, port: int, name: str) -> ssl.SSLSocket:
    connection = socket.create_connection((host, port), _SECONDS)
    try:
        return context.wrap_socket(connection, server_hostname=name or host)
    except OSError:
        connection.close()
        raise
