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


def test_a_request_is_one_json_line_without_its_query_string(conf: ModuleType) -> None:
    lines: list[str] = []
    logger = conf.logger_class.__new__(conf.logger_class)
    logger.access_log = SimpleNamespace(info=lines.append)
    environ: dict[str, Any] = {
        "PATH_INFO": "/api/v1/customers",
        "QUERY_STRING": "token=secret",
        "HTTP_X_REAL_IP": "192.0.2.7",
        "HTTP_AUTHORIZATION": "Bearer secret",
        "REMOTE_ADDR": "172.18.0.4",
    }
    answer = SimpleNamespace(status_code=200, sent=41, headers=[("Content-Type", "text/html"), ("X-Request-ID", "abc12345")])
    logger.access(answer, SimpleNamespace(method="GET"), environ, timedelta(milliseconds=12.5))
    (text,) = lines
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
