"""Evidence that cannot be had is left out with its reason; the rest is gathered; fixes stay within their folders."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import FixedClock
from app.supervisor.doctor.backend import BackendSilent
from app.supervisor.doctor.gather import Ports, gather
from app.supervisor.doctor.world import Certificate
from app.supervisor.engine import EngineSilent
from app.supervisor.events import Asked
from app.supervisor.state import State
from tests.unit.supervisor.doctor.given import DOOR, NOW, container


class Engine:
    def describe(self, service: str) -> Mapping[str, Any] | None:
        return container(service) if service != "ai" else None

    def version(self) -> Mapping[str, Any]:
        return {"Version": "26.1.5"}


class SilentEngine:
    def describe(self, service: str) -> Mapping[str, Any] | None:
        raise EngineSilent("the proxy is away")

    def version(self) -> Mapping[str, Any]:
        raise EngineSilent("the proxy is away")


class Backend:
    def tell(self) -> Mapping[str, Any]:
        raise BackendSilent("connection refused")

    def create_indexes(self) -> int:
        return 3


class Keeper:
    def __init__(self) -> None:
        self.state, self.asked = State(), list[Asked]()

    def ask(self, asked: Asked) -> str | None:
        self.asked.append(asked)
        return None


def no_door() -> Certificate:
    raise OSError("no route to host")


def ports(folder: Path, **changes: Any) -> Ports:
    given: dict[str, Any] = {
        "clock": FixedClock(NOW),
        "keeper": Keeper(),
        "engine": Engine(),
        "backend": Backend(),
        "door": lambda: DOOR,
        "settings": {},
        "folders": {"logs": folder},
    }
    return Ports(**{**given, **changes})


def test_one_silent_source_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("a line")
    seen = gather(ports(tmp_path, door=no_door), None)
    assert "ai" not in seen.inspected
    assert "backend" in seen.inspected
    assert (seen.told, seen.silence["app"]) == (None, "connection refused")
    assert (seen.certificate, seen.silence["certificate"]) == (None, "no route to host")
    (file,) = seen.folders["logs"]
    assert (file.name, file.size) == ("app.log", 6)
    assert file.changed_at <= datetime.now(UTC)


def test_a_silent_docker_and_a_folder_that_is_gone_are_reasons(tmp_path: Path) -> None:
    seen = gather(ports(tmp_path / "gone", engine=SilentEngine()), None)
    assert seen.inspected == {}
    assert seen.docker is None
    assert seen.silence["containers"] == seen.silence["docker"] == "the proxy is away"
    assert "logs" in seen.silence
    assert "logs" not in seen.folders


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "app.log").symlink_to("/etc/passwd")
    assert gather(ports(tmp_path), None).folders["logs"] == []


def test_a_fix_deletes_only_plain_names_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "app.log.3").write_text("old")
    hands = gather(ports(tmp_path), None).hands
    assert hands.remove("logs", ["app.log.3", "gone.log.1"]) == 2
    assert not (tmp_path / "app.log.3").exists()
    with pytest.raises(ValueError, match="not the name of a file"):
        hands.remove("logs", ["../etc/passwd"])


def test_a_service_is_started_through_the_loop(tmp_path: Path) -> None:
    given = ports(tmp_path)
    assert gather(given, None).hands.start("redis") is None
    assert isinstance(given.keeper, Keeper)
    assert [(asked.service, asked.who) for asked in given.keeper.asked] == [("redis", "doctor")]
