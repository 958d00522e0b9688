"""What changed on disk or in images since somebody said that all is well shows by name, until it is recorded anew."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import FixedClock
from app.supervisor.engine import EngineSilent
from app.supervisor.measures.baseline import FILES, IMAGES, Baseline, RunningImages, WatchedFiles
from app.supervisor.pages.baseline import baseline_room
from app.supervisor.state import Container, State
from app.supervisor.store import StateFile
from tests.unit.supervisor.world import BEGIN, World


class Appliance:
    """A folder as it is mounted, and the images that run."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.state_dir = folder / "watched", folder / "state"
        (self.folder / "compose").mkdir(parents=True)
        self.clock, self.grace = FixedClock(BEGIN), timedelta(0)
        self.write("docker-compose.yml", "services: {}")
        self.write("compose/redis.conf", "appendonly yes")
        self.images, self.world = {name: f"sha256:{name}" for name in World().bodies}, World().healthy()
        self.begin()

    def begin(self) -> None:
        """The supervisor comes up (again)."""
        self.store = StateFile(self.state_dir, "boot")
        images = RunningImages(lambda: self.world.state, self.describe)
        self.baseline = Baseline(self.store, self.clock, WatchedFiles(self.folder), images, self.grace)

    def describe(self, service: str) -> dict[str, Any] | None:
        container = self.world[service].container
        return {"Id": container.id, "Image": self.images[service]} if container else None

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def upgrade(self, name: str) -> None:
        self.images[name] = f"sha256:{name}-2"
        self.world.recreate(name)

    def files(self) -> dict[str, float]:
        return {measured.subject: measured.value for measured in self.baseline.read(FILES, "configuration_changed")}

    def running(self) -> dict[str, float]:
        return {measured.subject: measured.value for measured in self.baseline.read(IMAGES, "image_changed")}


@pytest.fixture
def appliance(tmp_path: Path) -> Appliance:
    return Appliance(tmp_path)


def test_what_is_seen_first_is_the_baseline(appliance: Appliance) -> None:
    assert appliance.files() == {"": 0}
    assert appliance.running() == {"": 0}


def test_a_changed_file_shows_by_its_name_and_is_well_again_when_put_back(appliance: Appliance) -> None:
    appliance.files()
    appliance.write("compose/redis.conf", "appendonly no")
    assert appliance.files() == {"compose/redis.conf": 1}
    appliance.write("compose/redis.conf", "appendonly yes")
    assert appliance.files() == {"compose/redis.conf": 0, "": 0}
    assert appliance.files() == {"": 0}


def test_new_and_missing_files_and_new_rights_show(appliance: Appliance) -> None:
    appliance.write("compose/run.sh", "true")
    appliance.files()
    appliance.write("compose/extra.yml", "x")
    (appliance.folder / "compose/redis.conf").unlink()
    (appliance.folder / "compose/run.sh").chmod(0o755)
    assert appliance.files() == {"compose/extra.yml": 1, "compose/redis.conf": 1, "compose/run.sh": 1}


def test_a_file_that_is_kept_from_us_shows_that_it_changed_and_nothing_of_what_it_says(
    appliance: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.read_bytes

    def refused(path: Path) -> bytes:
        if path.name == ".env":
            raise PermissionError
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refused)
    appliance.write(".env", "REDIS_PASSWORD=one")
    assert appliance.files() == {"": 0}
    appliance.write(".env", "REDIS_PASSWORD=another")
    assert appliance.files() == {".env": 1}
    assert "another" not in str(appliance.baseline.as_document())


def test_a_change_made_while_the_supervisor_was_away_shows(appliance: Appliance) -> None:
    appliance.files()
    appliance.write("docker-compose.yml", "services: {evil: {}}")
    appliance.begin()
    assert appliance.files() == {"docker-compose.yml": 1}


def test_recording_makes_the_present_the_baseline_and_is_in_the_journal(appliance: Appliance) -> None:
    appliance.files()
    appliance.running()
    appliance.write("docker-compose.yml", "services: {new: {}}")
    appliance.upgrade("ai")
    assert appliance.running() == {"ai": 1}
    assert appliance.baseline.record("deploy.sh") == {"file": 2, "image": 7}
    assert appliance.files()[""] == 0
    assert appliance.running() == {"ai": 0, "": 0}
    assert appliance.store.journal(1)[0].text.startswith("deploy.sh recorded")
    appliance.begin()
    assert appliance.baseline.as_document()["recorded_by"] == "deploy.sh"
    assert appliance.files() == {"": 0}


def test_a_container_of_the_same_image_is_no_change(appliance: Appliance) -> None:
    appliance.running()
    appliance.world.recreate("ai")
    assert appliance.running() == {"": 0}


def test_services_that_are_seen_later_are_no_change(appliance: Appliance) -> None:
    full = appliance.world.state
    appliance.world.state = replace(full, services={**full.services, "ai": replace(full.services["ai"], container=None)})
    assert appliance.running() == {"": 0}
    appliance.world.state = full
    assert appliance.running() == {"": 0}
    appliance.upgrade("ai")
    assert appliance.running() == {"ai": 1}


def test_docker_is_asked_once_a_container() -> None:
    asked = list[str]()

    def describe(service: str) -> dict[str, Any]:
        asked.append(service)
        return {"Id": f"{service}-1", "Image": "sha256:x"}

    images = RunningImages(lambda: World().healthy().state, describe)
    images()
    images()
    assert len(asked) == 7


def test_containers_that_the_state_does_not_know_are_watched_too(appliance: Appliance) -> None:
    images = {"backup": "sha256:b", "supervisor": "sha256:s"}

    def describe(service: str) -> dict[str, Any] | None:
        return {"Id": f"{service}-x", "Image": images[service]} if service in images else appliance.describe(service)

    look = RunningImages(lambda: appliance.world.state, describe, ("backup", "supervisor"))
    appliance.baseline = Baseline(appliance.store, appliance.clock, dict, look, appliance.grace)
    assert appliance.running() == {"": 0}
    images["backup"] = "sha256:evil"
    assert appliance.running() == {"backup": 1}


def test_docker_away_is_an_oserror() -> None:
    def describe(_service: str) -> dict[str, Any]:
        raise EngineSilent("refused")

    with pytest.raises(OSError, match="refused"):
        RunningImages(lambda: World().healthy().state, describe)()


def test_a_container_that_was_replaced_meanwhile_is_asked_again() -> None:
    state = State()
    redis = replace(state.services["redis"], container=Container("old", "running"))
    state = replace(state, services={"redis": redis})
    assert RunningImages(lambda: state, lambda _service: {"Id": "new", "Image": "sha256:x"})() == {}


def test_a_file_replaced_on_the_host_shows_although_the_container_sees_the_old_one(
    appliance: Appliance, monkeypatch: pytest.MonkeyPatch
) -> None:
    appliance.files()
    real = Path.stat

    def unlinked(path: Path, **options: Any) -> os.stat_result:
        found = real(path, **options)
        return os.stat_result((*found[:3], 0, *found[4:])) if path.name == "docker-compose.yml" else found

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", unlinked)
        assert appliance.files() == {"docker-compose.yml": 1}
        appliance.baseline.record("deploy.sh")
        assert appliance.files()[""] == 0
    appliance.write("docker-compose.yml", "services: {new: {}}")
    appliance.begin()
    assert appliance.files() == {"": 0}, "what it sees after its own restart is what was meant"
    appliance.write("docker-compose.yml", "services: {evil: {}}")
    assert appliance.files() == {"docker-compose.yml": 1}


def test_between_pull_and_deployment_nobody_is_told(appliance: Appliance) -> None:
    appliance.grace = timedelta(minutes=10)
    appliance.begin()
    appliance.files()
    appliance.write("docker-compose.yml", "services: {new: {}}")
    assert appliance.files() == {"": 0}
    appliance.clock.advance(599)
    assert appliance.files() == {"": 0}
    appliance.clock.advance(1)
    assert appliance.files() == {"docker-compose.yml": 1}


def test_a_deployment_that_was_announced_takes_its_time_and_no_longer(appliance: Appliance) -> None:
    appliance.running()
    appliance.baseline.expect(3600)
    appliance.upgrade("ai")
    appliance.begin()
    assert appliance.running() == {"": 0}
    appliance.clock.advance(3600)
    assert appliance.running() == {"ai": 1}
    appliance.baseline.expect(3600)
    appliance.baseline.record("deploy.sh")
    appliance.upgrade("redis")
    assert appliance.running() == {"redis": 1, "ai": 0}


def test_without_the_folder_nothing_is_watched_and_nothing_breaks(tmp_path: Path) -> None:
    assert WatchedFiles(tmp_path / "nowhere")() == {}


def test_it_is_shown_and_recorded_over_the_api(appliance: Appliance) -> None:
    from flask import Flask

    site = Flask(__name__)
    site.register_blueprint(baseline_room(appliance.baseline).blueprint)
    http = site.test_client()
    appliance.files()
    appliance.write("docker-compose.yml", "x")
    shown = http.get("/api/v1/baseline").json
    assert shown is not None
    assert shown["changed_files"] == ["docker-compose.yml"]
    recorded = http.post("/api/v1/baseline", json={"who": "Ada"}).json
    assert recorded is not None
    assert (recorded["recorded_by"], recorded["changed_files"]) == ("Ada", [])
    assert http.post("/api/v1/baseline", json={"who": "x" * 200}).status_code == 422
    assert http.post("/api/v1/baseline/expected", json={"seconds": 3600}).json == {"until": "2026-03-02T09:00:00.000Z"}
    assert http.post("/api/v1/baseline/expected", json={"seconds": 1e9}).status_code == 422
