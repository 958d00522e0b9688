"""No secret gets past, whatever it stands in; what is needed to find a cause stays readable."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.supervisor.redaction import redact, redact_lines

SECRET = "s3cr3t-Va1ue.x"


@pytest.mark.parametrize(
    "line",
    [
        f"password={SECRET}",
        f"PASSWORD: {SECRET}",
        f'{{"user": "anna", "password": "{SECRET}", "level": "info"}}',
        f'event="{{\\"password\\": \\"{SECRET}\\"}}"',
        f"{{'mongo_password': '{SECRET} with spaces'}}",
        f"TRADEAI_API_KEY={SECRET} started",
        f"Authorization: Bearer {SECRET}",
        f"Authorization: Basic {SECRET}==",
        f'"authorization": "Token {SECRET}"',
        f"connecting with bearer {SECRET}",
        f"mongodb://tradeai:{SECRET}@mongodb:27017/tradeai",
        f"redis://:{SECRET}@redis:6379/0 refused",
        f"mongodb+srv://u:p@ss:{SECRET}@cluster.example/db",
        f"https://user:{SECRET}@hooks.example/services",
        f"Set-Cookie: session={SECRET}; HttpOnly",
        f"Cookie: a=1; session={SECRET}",
        f"GET /live?ticket={SECRET}&room=1 200",
        f"refresh_token={SECRET}&csrf={SECRET}",
        f"redis-cli --password {SECRET} ping",
        f"AUTH default {SECRET}",
        f"requirepass: {SECRET}",
        f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIi{SECRET[:4]}.{SECRET[:6]}",
    ],
)
def test_a_secret_is_hidden(line: str) -> None:
    shown = redact(line)
    assert "s3cr3t" not in shown
    assert "redacted" in shown


def test_a_key_over_several_lines_is_hidden_whole() -> None:
    lines = [
        "loading",
        "-----BEGIN RSA PRIVATE KEY-----",
        "MIIEpAIBAAKCAQEA75",
        "s3cr3t",
        "-----END RSA PRIVATE KEY-----",
        "done",
    ]
    shown = "\n".join(redact_lines(lines))
    assert "MIIE" not in shown
    assert "s3cr3t" not in shown
    assert shown.startswith("loading")
    assert shown.endswith("done")


def test_a_key_that_is_cut_off_is_hidden_too() -> None:
    assert "MIIE" not in redact("-----BEGIN PRIVATE KEY-----\nMIIEpAIB")


def test_mail_addresses_are_hidden() -> None:
    assert redact("sign-in of anna.k@firma.example failed") == "sign-in of [mail address] failed"


@pytest.mark.parametrize(
    "line",
    [
        "Out of memory: Killed process 812 (mongod) total-vm:4012kB",
        "Traceback (most recent call last):",
        '  File "/app/trade/rules.py", line 12, in price',
        "ConnectionRefusedError: [Errno 111] connect to redis:6379",
        '{"level": "error", "event": "import failed", "rows": 1200}',
        "2026-03-02T08:00:00Z WiredTiger message at http://localhost:27017/ 200 4ms",
    ],
)
def test_what_helps_to_find_a_cause_stays(line: str) -> None:
    assert redact(line) == line


@settings(max_examples=60)
@given(st.text(max_size=300))
def test_no_line_breaks_it_and_twice_is_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)
