"""The keeper on the deployed appliance: order, healing, blame, respect for what operators type, and what it shows."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.appliance import Appliance, wait_until

STAGES = {"mongodb": 1, "redis": 1, "backend": 2, "realtime": 2, "worker": 2, "ai": 3, "nginx": 4}
KEPT = sorted(STAGES)


def _supervisor(appliance: Appliance, path: str) -> httpx.Response:
    return httpx.get(appliance.local("SUPERVISOR_PORT") + path, timeout=10)


def _health(appliance: Appliance) -> dict[str, Any]:
    """The supervisor's own /health; {} while it does not answer."""
    try:
        return dict(_supervisor(appliance, "/health").json())
    except (httpx.HTTPError, json.JSONDecodeError):
        return {}


def _status(appliance: Appliance, service: str) -> str:
    return str(_health(appliance).get("services", {}).get(service, {}).get("status"))


def _all_healthy(appliance: Appliance, seconds: float = 180) -> None:
    wait_until(lambda: _health(appliance).get("status") == "ok", seconds, lambda: f"not healthy: {_health(appliance)}")


def _container(appliance: Appliance, service: str) -> str:
    return f"{appliance.project}-{service}-1"


def _state(appliance: Appliance, service: str) -> dict[str, Any]:
    return dict(json.loads(appliance.run("docker", "inspect", _container(appliance, service)).stdout)[0]["State"])


def _restarts(appliance: Appliance) -> dict[str, int]:
    return {name: service.get("restarts", 0) for name, service in _health(appliance)["services"].items()}


@pytest.fixture(autouse=True)
def left_healthy(appliance: Appliance) -> Iterator[None]:
    """Every test finds the appliance healthy and leaves it so."""
    _all_healthy(appliance)
    yield
    if not _health(appliance) or any(_status(appliance, name) == "stopped" for name in KEPT):
        appliance.compose("up", "-d", "--no-build")
    _all_healthy(appliance)


# --- what it shows -----------------------------------------------------------------------------------------------------------


def test_health_names_every_service_with_status_since_and_latency(appliance: Appliance) -> None:
    answer = _supervisor(appliance, "/health")
    assert answer.status_code == 200
    services = answer.json()["services"]
    assert set(services) == {*KEPT, "supervisor", "dockerproxy", "backup", "drill"}
    for name in KEPT:
        assert services[name]["status"] == "healthy"
        assert datetime.fromisoformat(services[name]["since"])
        assert 0 < services[name]["latency_ms"] < 10_000


def test_livez_and_readyz(appliance: Appliance) -> None:
    assert _supervisor(appliance, "/livez").text == "ok\n"
    assert _supervisor(appliance, "/readyz?verbose").text.endswith("ready\n")


def test_the_overview_asks_for_the_operator(appliance: Appliance) -> None:
    base = appliance.local("SUPERVISOR_PORT")
    with httpx.Client(base_url=base, follow_redirects=True, timeout=10) as browser:
        assert "Sign in" in browser.get("/").text
        page = browser.post("/sign-in", data={"name": "operator", "password": appliance.env["SUPERVISOR_PASSWORD"]}).text
        for name in KEPT:
            assert f"/services/{name}" in page


def test_metrics_are_what_prometheus_expects(appliance: Appliance) -> None:
    text = httpx.get(appliance.local("METRICS_PORT") + "/metrics", timeout=10).text
    up = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        assert family.type != "unknown", family.name
        if family.name == "tradeai_service_up":
            up = {sample.labels["service"]: sample.value for sample in family.samples}
    assert up == dict.fromkeys(KEPT, 1.0)
    if shutil.which("promtool"):
        checked = subprocess.run(["promtool", "check", "metrics"], input=text, text=True, capture_output=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_status_command_shows_the_same(appliance: Appliance) -> None:
    shown = json.loads(appliance.tradeai("status", "--json").stdout)
    assert shown["status"] == "ok"
    assert set(shown["services"]) == {*KEPT, "supervisor", "dockerproxy", "backup", "drill"}


def test_it_stays_within_its_budget_of_memory(appliance: Appliance) -> None:
    text = httpx.get(appliance.local("METRICS_PORT") + "/metrics", timeout=10).text
    found = re.search(r"^process_resident_memory_bytes (\S+)", text, re.MULTILINE)
    assert found
    assert float(found[1]) < 100e6


# --- healing and blame -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", KEPT)
def test_a_killed_service_comes_back(appliance: Appliance, service: str) -> None:
    before = _restarts(appliance)
    appliance.run("docker", "kill", _container(appliance, service))
    wait_until(lambda: _status(appliance, service) == "failed", 5, "its death was not seen")
    down = _supervisor(appliance, "/health")
    if down.status_code != 503:  # back already
        assert _restarts(appliance)[service] > before[service]
    _all_healthy(appliance, 120)
    after = _restarts(appliance)
    assert {name for name in KEPT if after[name] > before[name]} == {service}


def test_a_hanging_database_is_restarted_and_nobody_else(appliance: Appliance) -> None:
    before = _restarts(appliance)
    for process in appliance.run("docker", "top", _container(appliance, "redis"), "-o", "pid").stdout.split()[1:]:
        appliance.run("kill", "-STOP", process)
    wait_until(lambda: _status(appliance, "redis") in {"failed", "degraded"}, 90, "the hang was not seen")
    _all_healthy(appliance, 240)
    after = _restarts(appliance)
    assert {name for name in KEPT if after[name] > before[name]} == {"redis"}


# --- respect for operators -----------------------------------------------------------------------------------------------------


def test_a_restart_by_hand_is_left_to_the_operator(appliance: Appliance) -> None:
    before = _restarts(appliance)
    appliance.compose("restart", "redis")
    _all_healthy(appliance)
    assert _restarts(appliance) == before


def test_a_stop_by_hand_is_respected(appliance: Appliance) -> None:
    before = _restarts(appliance)
    appliance.compose("stop", "worker")
    wait_until(lambda: _status(appliance, "worker") == "stopped", 10)
    assert _supervisor(appliance, "/health").status_code == 503
    assert _supervisor(appliance, "/health").json()["down"] == ["worker"]
    died = _state(appliance, "worker")["FinishedAt"]
    appliance.compose("kill", "ai")  # meanwhile it heals others
    wait_until(lambda: _restarts(appliance)["ai"] > before["ai"] and _status(appliance, "ai") == "healthy", 120)
    assert _state(appliance, "worker")["FinishedAt"] == died
    assert not _state(appliance, "worker")["Running"]
    appliance.compose("start", "worker")
    _all_healthy(appliance)
    assert _restarts(appliance)["worker"] == before["worker"]


def test_a_recreated_container_is_taken_over(appliance: Appliance) -> None:
    before = _restarts(appliance)
    appliance.compose("up", "-d", "--no-build", "--no-deps", "--force-recreate", "ai")
    _all_healthy(appliance)
    assert _restarts(appliance)["ai"] == before["ai"]


def test_a_supervisor_that_comes_back_leaves_alone_what_runs(appliance: Appliance) -> None:
    before = {name: _state(appliance, name)["StartedAt"] for name in KEPT}
    process = _state(appliance, "supervisor")["Pid"]  # `docker kill` would count as a stop by hand, which Docker respects
    appliance.run("kill", "-KILL", str(process))
    wait_until(lambda: _state(appliance, "supervisor")["Pid"] not in {0, process}, 60, "Docker did not start it again")
    _all_healthy(appliance)
    assert {name: _state(appliance, name)["StartedAt"] for name in KEPT} == before


# --- order ---------------------------------------------------------------------------------------------------------------------


def test_after_a_reboot_everything_comes_up_in_its_order(appliance: Appliance) -> None:
    """All containers end at once, as when the host goes down; Docker starts only the supervisor and its proxy."""
    everything = [*KEPT, "supervisor", "dockerproxy"]
    with ThreadPoolExecutor(len(everything)) as pool:
        list(pool.map(lambda name: appliance.run("docker", "stop", "-t", "60", _container(appliance, name)), everything))
    assert not any(_state(appliance, name)["Running"] for name in everything)
    appliance.run("docker", "start", _container(appliance, "dockerproxy"), _container(appliance, "supervisor"))
    _all_healthy(appliance)
    started = {name: datetime.fromisoformat(_state(appliance, name)["StartedAt"]) for name in KEPT}
    for earlier in KEPT:
        for later in KEPT:
            if STAGES[earlier] < STAGES[later]:
                assert started[earlier] < started[later], (earlier, later)


def test_down_and_up_lose_nothing_and_meet_no_resistance(appliance: Appliance) -> None:
    appliance.compose("down")
    appliance.compose("up", "-d", "--no-build", timeout=600)
    _all_healthy(appliance)
