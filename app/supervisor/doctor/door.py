"""Looks at the public door as a browser does: its certificate, whether it is trusted, and which old TLS it accepts."""

import socket
import ssl
import warnings
from typing import Any

from app.supervisor.doctor.world import Certificate
from app.supervisor.measures.certificate import fetch, not_after

_SECONDS = 5.0
_SELF_SIGNED = 18  # X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
_OLD = {"TLS 1.0": ssl.TLSVersion.TLSv1, "TLS 1.1": ssl.TLSVersion.TLSv1_1}


def look_at_door(host: str, port: int, name: str) -> Certificate:
    """The certificate that `host` shows for `name`. Raises OSError when there is no encrypted door."""
    ends_at = not_after(fetch(host, port, name))
    names, refusal, self_signed = _judged(host, port, name)
    return Certificate(
        name=names.get("commonName", name),
        issuer=names.get("issuer", ""),
        self_signed=self_signed,
        trusted=not refusal,
        refusal=refusal,
        ends_at=ends_at,
        old_protocols=tuple(label for label, version in _OLD.items() if _accepts(host, port, name, version)),
    )


def _judged(host: str, port: int, name: str) -> tuple[dict[str, str], str, bool]:
    """What this system's authorities make of it: names when they trust it, else why not, and whether it signed itself."""
    try:
        with _connected(ssl.create_default_context(), host, port, name) as connection:
            seen: Any = connection.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        return {}, error.verify_message, error.verify_code == _SELF_SIGNED
    except ssl.SSLError as error:
        return {}, str(error.reason or error), False
    subject, issuer = ({key: value for part in seen.get(which, ()) for key, value in part} for which in ("subject", "issuer"))
    return {**subject, "issuer": issuer.get("organizationName") or issuer.get("commonName", "")}, "", False


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
