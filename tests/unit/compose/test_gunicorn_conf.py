"""What gunicorn is told: one JSON line a request without secrets, and log files that turn."""

import importlib.util
import json
from datetime import timedelta
from logging import FileHandler, Formatter
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

from app.core.logging import _handlers
from app.core.security_events import FILE
from app.core.settings import Settings

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def conf() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gunicorn_conf", ROOT / "compose" / "gunicorn.conf.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_request_is_one_json_line_without_its_query_string(
    conf: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "_access", conf._Lines(tmp_path / "access.log"))
    logger = conf.logger_class.__new__(conf.logger_class)
    environ: dict[str, Any] = {
        "PATH_INFO": "/api/v1/customers",
        "QUERY_STRING": "token=secret",
        "HTTP_X_REAL_IP": "192.0.2.7",
        "HTTP_AUTHORIZATION": "Bearer secret",
        "REMOTE_ADDR": "172.18.0.4",
    }
    answer = SimpleNamespace(status_code=200, sent=41, headers=[("Content-Type", "text/html"), ("X-Request-ID", "abc12345")])
    logger.access(answer, SimpleNamespace(method="GET"), environ, timedelta(milliseconds=12.5))
    (text,) = (tmp_path / "access.log").read_text().splitlines()
    assert "secret" not in text
    line = json.loads(text)
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "service": "backend",
        "client": "192.0.2.7",
        "method": "GET",
        "path": "/api/v1/customers",
        "status": 200,
        "bytes": 41,
        "seconds": 0.0125,
        "request_id": "abc12345",
    }


def test_lines_follow_a_file_that_was_turned(conf: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "access.log"
    lines, moments = conf._Lines(log), iter(range(0, 100, 2))
    monkeypatch.setattr(conf, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    lines.add("one")
    conf.turn(log, limit=1, keep=5)
    lines.add("two")
    assert (tmp_path / "access.log.1").read_text() == "one\n"
    log.unlink()
    lines.add("three")
    assert log.read_text() == "three\n"


def test_a_line_that_cannot_be_written_is_an_error_and_no_failed_request(
    conf: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    monkeypatch.setattr(conf, "_access", conf._Lines(tmp_path / "absent" / "access.log"))
    logger = conf.logger_class.__new__(conf.logger_class)
    logger.error_log = SimpleNamespace(error=lambda *words: said.append(words))
    logger.line("192.0.2.7", "GET", "/", 200, 1, 0.1, "abc12345")
    assert len(said) == 1


def test_a_full_log_turns_and_the_oldest_goes(conf: ModuleType, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    for generation in range(1, 8):
        log.write_text(str(generation) * 100)
        conf.turn(log, limit=99, keep=5)
    assert not log.exists()
    kept = {path.name: path.read_text()[0] for path in tmp_path.iterdir()}
    assert kept == {"app.log.1": "7", "app.log.2": "6", "app.log.3": "5", "app.log.4": "4", "app.log.5": "3"}


def test_a_log_that_is_not_full_stays(conf: ModuleType, tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("x" * 99)
    conf.turn(log, limit=99, keep=5)
    conf.turn(tmp_path / "absent.log", limit=99, keep=5)
    assert [path.name for path in tmp_path.iterdir()] == ["app.log"]


def test_every_file_that_several_processes_write_is_turned(conf: ModuleType, tmp_path: Path) -> None:
    """Asked of every service that keeps our logs in the folder: one left out would fill the disk."""
    environments = [service.get("environment", {}) for service in _services().values()]
    ours = {told["TRADEAI_SERVICE"] for told in environments if told.get("TRADEAI_LOG_DIR")}
    assert ours == {"backend", "realtime", "worker", "ai", "supervisor"}
    for name in ours - {"ai", "supervisor"}:  # ai writes the access log only; the supervisor turns its own
        handlers = _handlers(Settings(service=name, log_dir=tmp_path), Formatter())
        written = {Path(handler.baseFilename).name for handler in handlers if isinstance(handler, FileHandler)}
        assert len(written) == 2
        assert written <= set(conf._SHARED), name
    assert {"access.log", "ai-access.log", FILE} <= set(conf._SHARED)


def test_the_backends_parent_can_turn_what_the_worker_writes() -> None:
    """The same folder of the host, mounted to be written, and the same user: a rename needs nothing else."""
    for name in ("backend", "realtime", "worker", "ai"):
        service = _services()[name]
        assert "${LOG_DIR:-/var/log/tradeai}:/var/log/tradeai" in service["volumes"], name
        assert service["user"] == "10001:10001", name


def _services() -> dict[str, dict[str, Any]]:
    """What docker-compose.yml says of each service."""
    services: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return services
