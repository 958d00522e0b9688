"""Logs are one JSON object a line and never hold a secret."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from app.core.logging import configure_logging, get_logger, redact
from app.core.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Logging configured into a folder, as it was before afterwards."""
    root = logging.getLogger()
    before = (root.handlers, root.level)
    configure_logging(Settings(service="backend", log_dir=tmp_path))
    yield tmp_path
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = before
    structlog.reset_defaults()


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize(
    "key", ["password", "new_password", "access_token", "Authorization", "Set-Cookie", "csrf_token", "ticket", "secret_key"]
)
def test_keys_that_name_a_secret_are_blanked(key: str) -> None:
    assert redact(None, "info", {key: "hush", "rows": 3}) == {key: "[redacted]", "rows": 3}


def test_secrets_inside_mappings_are_blanked_and_the_original_is_left_alone() -> None:
    headers = {"Authorization": "Bearer x", "Accept": "*/*"}
    event = redact(None, "info", {"headers": headers, "calls": [{"token": "x"}]})
    assert event == {"headers": {"Authorization": "[redacted]", "Accept": "*/*"}, "calls": [{"token": "[redacted]"}]}
    assert headers["Authorization"] == "Bearer x"


def test_one_json_object_a_line_with_service_and_request_id(folder: Path) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req-1"):
        get_logger("app.somewhere").info("import landed", rows=3, text="line\nbreak")
    logging.getLogger("someone.elses").warning("plain %s", "words")
    first, second = lines(folder / "app.log")
    assert (first["event"], first["rows"], first["request_id"]) == ("import landed", 3, "req-1")
    assert (first["service"], first["level"], first["logger"]) == ("backend", "info", "app.somewhere")
    assert second["event"] == "plain words"
    assert second["timestamp"]


def test_errors_go_to_a_file_of_their_own_too_with_their_trace(folder: Path) -> None:
    log = get_logger("app.somewhere")
    log.info("fine")
    try:
        raise ValueError("broken")
    except ValueError:
        log.exception("it failed", password="hush")
    assert [line["event"] for line in lines(folder / "error.log")] == ["it failed"]
    line = lines(folder / "app.log")[-1]
    assert "ValueError: broken" in str(line["exception"])
    assert "hush" not in (folder / "app.log").read_text()
