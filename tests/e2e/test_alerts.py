"""The operator's commands about services, incidents and alerts on the deployed appliance, and guesses at its doors told."""

import json
import os
import shutil
import signal
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.appliance import Appliance, wait_until
from tests.faults.rig import gateway

_UID = 10001
_GUESSES = 6  # the rule says more than five


def _told(appliance: Appliance, *arguments: str) -> dict[str, Any]:
    """The JSON of a command, whatever its exit code."""
    done = appliance.tradeai(*arguments, "--json", check=False)
    assert done.stdout.strip(), done.stderr
    return dict(json.loads(done.stdout))


def _started_at(appliance: Appliance, service: str) -> str:
    return appliance.run("docker", "inspect", "-f", "{{.State.StartedAt}}", f"{appliance.project}-{service}-1").stdout.strip()


def _figure(appliance: Appliance, name: str, subject: str = "") -> float:
    """A measured figure as /metrics shows it; 0 while nobody has measured it."""
    text = httpx.get(appliance.local("METRICS_PORT") + "/metrics", timeout=10).text
    families = {family.name: family for family in text_string_to_metric_families(text)}
    wanted = {"name": name, "subject": subject}
    return next((sample.value for sample in families["tradeai_measure"].samples if sample.labels == wanted), 0.0)


def _asked(appliance: Appliance, path: str) -> dict[str, Any]:
    """The supervisor's API, for what is asked again and again: a command takes seconds."""
    operator = ("operator", appliance.env["SUPERVISOR_PASSWORD"])
    return dict(httpx.get(appliance.local("SUPERVISOR_PORT") + path, auth=operator, timeout=10).json())


def _firing(appliance: Appliance, rule: str, subject: str = "") -> dict[str, Any] | None:
    alerts = _asked(appliance, "/api/v1/alerts")["alerts"]
    wanted = (rule, subject)
    return next(
        (one for one in alerts if (one["rule"], one["subject"]) == wanted and one["stage"] in {"firing", "acknowledged"}), None
    )


@pytest.fixture(autouse=True)
def left_healthy(appliance: Appliance) -> Iterator[None]:
    appliance.wait_healthy(180)
    yield
    appliance.wait_healthy(180)


# --- tradeai service ---------------------------------------------------------------------------------------------------------


def test_a_service_is_restarted_stopped_and_started_by_command(appliance: Appliance) -> None:
    before, restarts = _started_at(appliance, "realtime"), _asked(appliance, "/api/v1/services/realtime")["restarts"]
    restarted = appliance.tradeai("service", "restart", "realtime", "--wait", "60", "--reason", "a test", "--json")
    document = json.loads(restarted.stdout)
    assert (document["outcome"], document["now"]["status"]) == ("done", "healthy")
    assert _started_at(appliance, "realtime") != before
    assert document["now"]["restarts"] == restarts, "what an operator asks for costs no restart of the budget"
    try:
        stopped = json.loads(appliance.tradeai("service", "stop", "realtime", "--reason", "a test", "--json").stdout)
        assert (stopped["outcome"], stopped["now"]["status"]) == ("done", "stopped")
        listed = {one["name"]: one["status"] for one in _told(appliance, "service", "list")["services"]}
        assert (listed["realtime"], listed["redis"]) == ("stopped", "healthy")
    finally:
        started = json.loads(appliance.tradeai("service", "start", "realtime", "--json").stdout)
    assert (started["outcome"], started["now"]["status"]) == ("done", "healthy")


def test_an_unknown_service_is_refused_with_the_names_there_are(appliance: Appliance) -> None:
    done = appliance.tradeai("service", "restart", "mongo", check=False)
    assert done.returncode == 1
    assert "mongodb, redis, backend" in done.stderr


# --- tradeai incidents -------------------------------------------------------------------------------------------------------


def test_an_incident_is_listed_shown_noted_and_written_up(appliance: Appliance) -> None:
    begun = datetime.now(UTC)
    process = int(appliance.run("docker", "inspect", "-f", "{{.State.Pid}}", f"{appliance.project}-realtime-1").stdout)
    os.kill(process, signal.SIGKILL)

    def recovered() -> dict[str, Any] | None:
        """A death within five minutes of another joins its incident."""
        found = [one for one in _asked(appliance, "/api/v1/incidents")["incidents"] if one["cause"] == "realtime"]
        return next((one for one in found if one["recovered_at"] and datetime.fromisoformat(one["recovered_at"]) > begun), None)

    incident = wait_until(recovered, 60, "no incident of realtime recovered")
    number = str(incident["number"])
    assert incident["number"] in {one["number"] for one in _told(appliance, "incidents", "list")["incidents"]}
    appliance.tradeai("incidents", "note", number, "killed by a test", "--who", "the e2e tests")
    shown = _told(appliance, "incidents", "show", number)
    assert any("killed by a test" in entry["text"] for entry in shown["timeline"])
    assert any(found["service"] == "realtime" and found["exit_code"] == 137 for found in shown["evidence"])
    written = appliance.tradeai("incidents", "postmortem", number).stdout
    assert "realtime" in written
    assert "killed by a test" in written
    assert appliance.tradeai("incidents", "show", "999999", check=False).returncode == 1


# --- tradeai alerts: settings, channels, silences ----------------------------------------------------------------------------


class Receiver:
    """A program on this machine that takes webhooks."""

    def __init__(self, host: str) -> None:
        self.bodies = bodies = list[bytes]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_what: Any) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer((host, 0), Handler)
        self.url = f"http://{host}:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def settings(appliance: Appliance) -> Iterator[Path]:
    """Where the alert settings of the appliance belong; afterwards there are none again."""
    path = appliance.root / "config" / "alerts.toml"
    assert not path.exists(), "another test has left its alert settings"
    yield path
    path.unlink(missing_ok=True)
    appliance.tradeai("alerts", "check-settings")


def _write(path: Path, *channels: str) -> None:
    path.write_text("\n".join(channels))
    shutil.chown(path, _UID, _UID)
    path.chmod(0o600)


def _channel(name: str, url: str) -> str:
    secret = "a-secret-of-the-e2e-tests"
    return f'[[channel]]\nname = "{name}"\nkind = "webhook"\nurl = "{url}"\nsecret = "{secret}"\ntimeout = "3s"\n'


def test_settings_are_checked_and_each_channel_is_tried(appliance: Appliance, settings: Path) -> None:
    receiver = Receiver(gateway(appliance))
    try:
        _write(settings, _channel("program", receiver.url))
        assert _told(appliance, "alerts", "check-settings")["channels"] == ["program"]
        tried = _told(appliance, "alerts", "test")["tests"]
        assert [one["state"] for one in tried] == ["sent"]
        assert receiver.bodies
        _write(settings, _channel("program", receiver.url), "[[channel]]\nname = 'broken'\nkind = 'pigeon'\n")
        refused = appliance.tradeai("alerts", "check-settings", check=False)
        assert refused.returncode == 1
        assert "line 8, channel[2]: kind is unknown" in refused.stdout
        assert _told(appliance, "alerts", "test", "program")["tests"][0]["state"] == "sent", "what was in force stays in force"
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()


def test_a_rule_is_silenced_and_the_silence_ended(appliance: Appliance) -> None:
    made = _told(appliance, "alerts", "silence", "service_stopped", "ai", "--for", "30m", "--who", "e2e", "--why", "a test")
    try:
        there = {one["id"]: one for one in _asked(appliance, "/api/v1/alerts")["silences"]}
        assert (there[made["id"]]["rule"], there[made["id"]]["subject"], there[made["id"]]["who"]) == (
            "service_stopped",
            "ai",
            "e2e",
        )
    finally:
        appliance.tradeai("alerts", "unsilence", made["id"], "--who", "e2e")
    assert made["id"] not in {one["id"] for one in _asked(appliance, "/api/v1/alerts")["silences"]}
    for wrong in (("no_such_rule", "30m"), ("service_stopped", "soon")):
        done = appliance.tradeai("alerts", "silence", wrong[0], "--for", wrong[1], "--who", "e2e", "--why", "x", check=False)
        assert done.returncode != 0, wrong


# --- guesses at the doors ----------------------------------------------------------------------------------------------------


def _guess(appliance: Appliance) -> None:
    """Six wrong passwords at once, for somebody whom nobody knows."""
    email = f"nobody-{uuid.uuid4().hex[:8]}@example.com"

    def one(number: int) -> int:
        with appliance.http() as door:
            door.timeout = 60  # with Redis stopped each of its questions is given up first
            return door.post("/api/v1/auth/token", json={"email": email, "password": f"guess number {number}"}).status_code

    with ThreadPoolExecutor(_GUESSES) as hands:
        codes = list(hands.map(one, range(_GUESSES)))
    assert set(codes) <= {401, 429}, codes


@pytest.mark.parametrize("redis", ["up", "stopped"])
def test_six_wrong_passwords_raise_an_alert_that_somebody_takes(appliance: Appliance, redis: str) -> None:
    before = _figure(appliance, "failed_sign_ins_10m")
    if redis == "stopped":
        appliance.tradeai("service", "stop", "redis", "--reason", "a test")
    try:
        _guess(appliance)
        wait_until(
            lambda: _figure(appliance, "failed_sign_ins_10m") >= before + _GUESSES,
            30,
            lambda: f"{_figure(appliance, 'failed_sign_ins_10m'):.0f} failed sign-ins were counted, {before:.0f} before",
        )
        alert = wait_until(lambda: _firing(appliance, "failed_sign_ins"), 15, "nobody is told of the guesses")
    finally:
        if redis == "stopped":
            appliance.tradeai("service", "start", "redis")
    if alert["stage"] == "firing":
        appliance.tradeai("alerts", "ack", alert["id"], "--who", "e2e", "--reason", "these are ours")
    taken = _firing(appliance, "failed_sign_ins")
    assert taken
    assert (taken["stage"], taken["acknowledged_by"], taken["reason"]) == ("acknowledged", "e2e", "these are ours")


def test_guesses_at_the_supervisors_own_door_raise_an_alert(appliance: Appliance) -> None:
    """From a container of its own address: the door stays open for everybody else."""
    ask = "curl -s -o /dev/null -w '%{http_code} ' -u operator:guess http://supervisor:8080/api/v1/services"
    codes = appliance.compose("exec", "-T", "backend", "sh", "-c", "; ".join([ask] * _GUESSES)).stdout.split()
    assert (len(codes), codes[-1]) == (_GUESSES, "429"), codes
    wait_until(lambda: _figure(appliance, "failed_sign_ins_10m", "supervisor") >= _GUESSES, 20, "the guesses were not counted")
    alert = wait_until(lambda: _firing(appliance, "failed_sign_ins", "supervisor"), 15, "nobody is told of the guesses")
    assert "sign-ins to the supervisor" in alert["detail"]


# --- what stands beside the stages -------------------------------------------------------------------------------------------


def test_the_containers_of_backups_are_seen_to_be_well(appliance: Appliance) -> None:
    def statuses() -> set[str]:
        services = appliance.health()["services"]
        return {services[name]["status"] for name in ("backup", "drill")}

    wait_until(lambda: statuses() == {"healthy"}, 60, lambda: f"backup and drill are {statuses()}")


@pytest.mark.long
def test_a_backup_container_that_stands_still_is_told(appliance: Appliance) -> None:
    appliance.compose("pause", "backup")
    try:
        wait_until(lambda: appliance.health().get("status") == "degraded", 60, lambda: f"unseen: {appliance.health()}")
        assert "paused" in appliance.health()["services"]["backup"]["reason"]
        wait_until(lambda: _firing(appliance, "backup_container_down", "backup"), 180, "nobody is told of it")
    finally:
        appliance.compose("unpause", "backup")
    appliance.wait_healthy(60)
