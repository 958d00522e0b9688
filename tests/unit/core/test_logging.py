"""Logs are one JSON object a line and never hold a secret."""

import json
import logging
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path

import pytest
import structlog

from app.core.logging import _handlers as handlers_of
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


@pytest.mark.parametrize("service", ["backend", "realtime", "worker"])
def test_what_another_process_turned_is_left_by_every_writer(service: str, tmp_path: Path) -> None:
    """The worker is a tree of processes: one that stayed in the old file, or turned it again, would cost the history."""
    writers = [handler for _process in range(2) for handler in _file_handlers(service, tmp_path)]
    for path in sorted({Path(handler.baseFilename) for handler in writers}):
        mine = [handler for handler in writers if handler.baseFilename == str(path)]
        path.rename(path.with_name(f"{path.name}.1"))
        for number, handler in enumerate(mine):
            handler.handle(logging.LogRecord("x", logging.ERROR, "", 0, f"line {number}", None, None))
        assert path.read_text() == "line 0\nline 1\n"
        assert path.with_name(f"{path.name}.1").read_text() == ""


def test_only_the_supervisor_turns_its_own_files(tmp_path: Path) -> None:
    for service in ("backend", "realtime", "worker", "supervisor"):
        turning = {isinstance(handler, RotatingFileHandler) for handler in _file_handlers(service, tmp_path)}
        assert turning == {service == "supervisor"}, service


def _file_handlers(service: str, folder: Path) -> list[logging.FileHandler]:
    """The handlers of one process of `service` that write files."""
    made = handlers_of(Settings(service=service, log_dir=folder), logging.Formatter())
    return [handler for handler in made if isinstance(handler, logging.FileHandler)]
