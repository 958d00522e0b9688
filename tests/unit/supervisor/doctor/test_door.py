"""The public door is seen as it is: who signed its certificate, until when, and which old versions of TLS it accepts."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.supervisor.doctor.door import look_at_door

ENDS = datetime(2030, 5, 6, tzinfo=UTC)


def certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "TradeAI"), x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ENDS - timedelta(days=3000))
        .not_valid_after(ENDS)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path = folder / "both.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def door(tmp_path: Path) -> Iterator[int]:
    """The port of a server that speaks TLS 1.2 and 1.3 with a self-signed certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _address = listening.accept()
            except OSError:
                return
            with connection:
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(2)


def test_a_self_signed_certificate_is_described(door: int) -> None:
    seen = look_at_door("127.0.0.1", door, "localhost")
    assert (seen.name, seen.self_signed, seen.trusted) == ("localhost", True, False)
    assert "self" in seen.refusal
    assert seen.ends_at == ENDS
    assert seen.old_protocols == ()


def test_no_door_is_an_error_with_a_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(OSError, match="refused"):
        look_at_door("127.0.0.1", port, "localhost")


def test_a_trusted_certificate_names_its_issuer(door: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
    seen = look_at_door("127.0.0.1", door, "localhost")
    assert (seen.trusted, seen.refusal, seen.issuer, seen.name) == (True, "", "TradeAI", "localhost")


def test_a_certificate_for_another_name_is_refused(door: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
    seen = look_at_door("127.0.0.1", door, "trade.example")
    assert (seen.trusted, seen.self_signed) == (False, False)
    assert "trade.example" in seen.refusal
