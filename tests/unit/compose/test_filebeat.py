"""Filebeat takes each line's own time, whichever way its writer writes it."""

import importlib.util
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
import yaml

COMPOSE = Path(__file__).resolve().parents[3] / "compose"
_GO = (("2006", "%Y"), ("01", "%m"), ("02", "%d"), ("15", "%H"), ("04", "%M"), ("05", "%S"), ("-07:00", "%z"))
MOMENT = datetime(2026, 11, 28, 18, 30, 59, 325_000, tzinfo=UTC)


def _processors() -> dict[str, dict[str, Any]]:
    """What becomes of which field."""
    configured = yaml.safe_load((COMPOSE / "filebeat.yml").read_text())["processors"]
    return {one["timestamp"]["field"]: one["timestamp"] for one in configured if "timestamp" in one}


def _reads(layout: str, text: str) -> bool:
    """Whether Go's time.Parse takes `text`; a fraction of the seconds may be longer than in the layout, or missing."""
    layout = re.sub(r"\.9+", "", layout)
    for theirs, ours in _GO:
        layout = layout.replace(theirs, ours)
    try:
        datetime.strptime(re.sub(r"(:\d\d)\.\d{1,9}", r"\1", text), layout)  # noqa: DTZ007 - only whether it fits
    except ValueError:
        return False
    return True


def _read(field: str, text: str) -> bool:
    return any(_reads(layout, text) for layout in _processors()[field]["layouts"])


def _gunicorn(seconds: float) -> str:
    spec = importlib.util.spec_from_file_location("gunicorn_conf", COMPOSE / "gunicorn.conf.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return str(module._utc(seconds))


def test_the_lines_of_the_services_are_read() -> None:
    stamped = structlog.processors.TimeStamper(fmt="iso", utc=True)(None, "info", {})
    assert _read("tradeai.timestamp", stamped["timestamp"])


def test_access_lines_of_gunicorn_are_read() -> None:
    text = _gunicorn(MOMENT.timestamp())
    assert text == "2026-11-28T18:30:59.325+00:00"
    assert _read("tradeai.time", text)
    assert not _read("tradeai.timestamp", text), "the two are written differently; that is why there are two"


@pytest.mark.parametrize("text", ["2026-11-28T18:30:59+00:00", "2026-11-28T18:30:59Z"])
def test_nginx_writes_its_two_files_in_two_ways(text: str) -> None:
    assert "$time_iso8601" in (COMPOSE / "nginx" / "nginx.conf").read_text()
    assert r'{"time":"\1-\2-\3T\4Z"' in (COMPOSE / "nginx" / "entrypoint").read_text()
    assert _read("nginx.time", text)


def test_what_filebeat_tries_at_its_start_fits_its_layouts() -> None:
    for field, processor in _processors().items():
        assert processor["test"]
        assert all(_read(field, text) for text in processor["test"]), field
