"""Settings refuse to start on nonsense; secrets come from files and never show themselves."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.core.settings import MissingSecret, Settings, read_secret


def test_a_secret_is_its_file_without_the_newline(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret value\n")
    secret = read_secret("key", tmp_path)
    assert secret.get_secret_value() == "s3cret value"
    assert "s3cret" not in repr(secret)


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_missing_or_empty_secret_says_what_to_do(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "key").write_text(content)
    with pytest.raises(MissingSecret, match=r"key .*Run \./deploy\.sh again"):
        read_secret("key", tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [("CURRENCY", "dollars"), ("HTTP", "yes"), ("CACHE", "maybe"), ("HOURLY_REQUESTS", "0"), ("WORKER_CONSUMERS", "0")],
)
def test_wrong_values_refuse_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TRADEAI_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_unknown_names_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEAI_SOMETHING_NEW", "1")
    assert Settings().currency == "USD"


def test_cookies_are_secure_unless_the_network_is_trusted() -> None:
    assert Settings(http="redirect").secure_cookies
    assert not Settings(http="trusted").secure_cookies


def test_an_empty_log_folder_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEAI_LOG_DIR", "")
    assert Settings().log_dir is None
    monkeypatch.setenv("TRADEAI_LOG_DIR", "/var/log/tradeai")
    assert Settings().log_dir == Path("/var/log/tradeai")
