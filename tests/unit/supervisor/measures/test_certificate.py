"""Days of validity are read from the certificate itself, self-signed or not, of any key and name."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.core.clock import FixedClock
from app.supervisor.measures.certificate import fetch, not_after, read_certificate
from tests.unit.supervisor.probes import server

END = datetime(2026, 7, 1, 12, 30, 15, tzinfo=UTC)


def _made(until: datetime, folder: Path | None = None) -> bytes:
    """A certificate that ends at `until`, as DER; with its key as tls.pem in `folder`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a" * 60), x509.NameAttribute(NameOID.COUNTRY_NAME, "DE")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(2**159 - 1).not_valid_before(until - timedelta(days=40 * 365)).not_valid_after(until)
    made = builder.sign(key, hashes.SHA256())
    if folder is not None:
        encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        (folder / "tls.pem").write_bytes(key.private_bytes(*encoding) + made.public_bytes(serialization.Encoding.PEM))
    return made.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize("until", [END, END.replace(year=2049), END.replace(year=2050), END.replace(year=2999)])
def test_the_end_is_read_in_both_forms_of_a_moment(until: datetime) -> None:
    assert not_after(_made(until)) == until


@pytest.mark.parametrize("der", [b"", b"0", b"0\x03abc", b"<html>not a certificate</html>" * 9, _made(END)[:200]])
def test_anything_else_is_refused(der: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        not_after(der)


def test_days_are_counted_from_now_and_fall_below_zero() -> None:
    der = _made(END)
    for before, days in ((timedelta(days=13, hours=12), 13.5), (timedelta(days=-2), -2)):
        (measured,) = read_certificate("nginx", 8443, "shop.example", lambda *_where: der, FixedClock(END - before))
        assert (measured.name, measured.subject, measured.value) == ("certificate_days", "shop.example", days)
        assert "2026-07-01 12:30" in measured.detail


def test_it_is_fetched_over_a_handshake_without_trusting_it(tmp_path: Path) -> None:
    der = _made(END, tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem")

    def serve(connection):  # type: ignore[no-untyped-def]
        with context.wrap_socket(connection, server_side=True) as secured:
            secured.recv(1)

    with server.tcp(serve) as port:
        assert fetch("127.0.0.1", port, "nginx") == der


def test_nobody_there_is_an_oserror() -> None:
    with pytest.raises(OSError, match="refused"):
        fetch("127.0.0.1", server.closed_port(), "nginx")
