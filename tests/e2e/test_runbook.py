"""What operators already type must work: the runbook's lines 2 to 10 and 16 to 19, each typed as it stands there.

Line 1 is test_first_run.py and test_deploy.py, 11 to 15 are test_backup.py and test_update.py, 20 is test_doctor.py. Only the
ports are the appliance's own: in production they are the ones that need not be typed.
"""

import json
import re
import shlex
import signal
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.appliance import Appliance, wait_until

SERVICES = {"mongodb", "redis", "backend", "realtime", "worker", "ai", "nginx", "dockerproxy", "supervisor", "backup", "drill"}
NEEDS = {
    "nginx": ("backend", "realtime"), "backend": ("mongodb", "redis"), "realtime": ("mongodb", "redis"),
    "worker": ("mongodb", "redis"), "ai": ("mongodb",),
}  # fmt: skip
KEPT = ("mongodb", "redis", "backend", "realtime", "worker", "ai", "nginx")
# The database's. Where a container has none, `docker stats` shows the machine's whole memory.
LARGEST_LIMIT_MB = 2048
RESTARTED = [pytest.param(name, marks=[] if name == "redis" else pytest.mark.long) for name in KEPT]


@pytest.fixture(autouse=True)
def left_healthy(appliance: Appliance) -> Iterator[None]:
    """Whatever a line stopped runs again afterwards."""
    yield
    if appliance.health().get("status") != "ok":
        appliance.compose("up", "-d", "--no-build", timeout=300)
        appliance.wait_healthy(180)


def _typed(appliance: Appliance, line: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """What a shell makes of `line` in the appliance's folder; the runbook's localhost is the appliance's door."""
    doors = {"http://localhost/": f"http://localhost:{appliance.env['HTTP_PORT']}/", "$LOGS": appliance.env["LOG_DIR"],
             "$NGINX_LOGS": appliance.env["NGINX_LOG_DIR"]}  # fmt: skip
    ports = {"5000": "BACKEND_PORT", "8000": "AI_PORT", "8080": "SUPERVISOR_PORT", "9090": "METRICS_PORT"}
    doors |= {f"localhost:{usual}/": f"localhost:{appliance.env[name]}/" for usual, name in ports.items()}
    for usual, own in doors.items():
        line = line.replace(usual, own)
    return appliance.run("bash", "-o", "pipefail", "-c", line, check=check)


def _restarts(appliance: Appliance) -> dict[str, int]:
    services = httpx.get(appliance.local("SUPERVISOR_PORT") + "/health", timeout=10).json()["services"]
    return {name: service.get("restarts", 0) for name, service in services.items()}


def test_line_2_every_service_is_up_and_healthy(appliance: Appliance) -> None:
    def typed() -> list[str]:
        head, *rows = _typed(appliance, "docker compose ps").stdout.splitlines()
        assert "STATUS" in head
        return rows

    # Docker asks a container for its health every few seconds: one that an earlier test began is "starting" for that long.
    wait_until(lambda: all(re.search(r"\bUp .*\(healthy\)", row) for row in typed()), 90, "not every line says healthy")
    assert {re.split(r"\s{2,}", row)[3] for row in typed()} == SERVICES


def test_line_3_down_stops_in_reverse_and_up_builds_nothing_new_starts_in_order_and_loses_nothing(appliance: Appliance) -> None:
    data, layers = _data(appliance), _layers(appliance)
    with _deaths(appliance) as order:
        _typed(appliance, "docker compose down")
    assert not appliance.compose("ps", "-aq").stdout.split()
    for service, needed in NEEDS.items():
        assert all(order.index(service) < order.index(name) for name in needed), order

    _typed(appliance, "docker compose up -d --build")
    appliance.wait_healthy(180)
    assert _data(appliance) == data
    assert _layers(appliance) == layers
    started = _inspected(appliance, "{{.State.StartedAt}}")
    for service, needed in NEEDS.items():
        assert all(started[name] < started[service] for name in needed), started


def _data(appliance: Appliance) -> str:
    """How much of what there is."""
    script = "print(['users', 'customers', 'sales', 'promotions'].map(name => db[name].countDocuments()).join(' '))"
    return appliance.compose("exec", "-T", "mongodb", "mongosh", "tradeai", "--eval", script).stdout.strip()


def _inspected(appliance: Appliance, what: str) -> dict[str, str]:
    """service -> what `docker inspect` says of its container."""
    numbers = appliance.compose("ps", "-aq").stdout.split()
    name = '{{index .Config.Labels "com.docker.compose.service"}}'
    lines = appliance.run("docker", "inspect", "--format", f"{name} {what}", *numbers).stdout.splitlines()
    return dict(line.split(" ", 1) for line in lines)


def _layers(appliance: Appliance) -> dict[str, str]:
    """service -> the layers of its image: their names follow from their content."""
    images = _inspected(appliance, "{{.Config.Image}}")
    inspect = ("docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}")
    return {service: appliance.run(*inspect, image).stdout for service, image in images.items()}


@contextmanager
def _deaths(appliance: Appliance) -> Iterator[list[str]]:
    """The services in the order in which their containers end meanwhile."""
    mine = f"label=com.docker.compose.project={appliance.project}"
    name = '{{index .Actor.Attributes "com.docker.compose.service"}}'
    # Docker tells what happened since this second, however long its client takes to begin.
    since = ("--since", str(int(time.time())))
    watching = (
        "docker",
        "events",
        *since,
        "--filter",
        "type=container",
        "--filter",
        "event=die",
        "--filter",
        mine,
        "--format",
        name,
    )
    events = subprocess.Popen(watching, stdout=subprocess.PIPE, text=True)
    order: list[str] = []
    assert events.stdout
    reader = threading.Thread(target=lambda: order.extend(line.strip() for line in events.stdout or ()))
    reader.start()
    try:
        yield order
        wait_until(lambda: set(order) >= SERVICES, 10, lambda: f"only {order} were seen to end")
    finally:
        events.terminate()
        events.wait(10)
        reader.join(10)


def test_line_4_health_is_200_and_503_names_what_is_down(appliance: Appliance) -> None:
    line = "curl -sS -f http://localhost/health"
    well = json.loads(_typed(appliance, line).stdout)
    assert well["status"] == "ok"
    for name in KEPT:
        assert {"status", "since", "latency_ms"} <= set(well["services"][name])
    appliance.compose("stop", "worker")
    wait_until(lambda: _typed(appliance, line, check=False).returncode == 22, 20, "curl -f still succeeds")
    ill = json.loads(_typed(appliance, line.replace(" -f", "")).stdout)
    assert ill["down"] == ["worker"]
    appliance.compose("start", "worker")
    appliance.wait_healthy(120)


def test_line_4_the_door_says_so_when_the_supervisor_itself_is_away(appliance: Appliance) -> None:
    line = "curl -sS -m 15 -w '\\n%{http_code}' http://localhost/health"
    appliance.compose("stop", "supervisor")
    try:
        body, _newline, status = _typed(appliance, line).stdout.rpartition("\n")
        assert status == "503"
        assert json.loads(body)["services"]["supervisor"]["status"] == "down"
        assert _typed(appliance, "curl -fsS http://localhost/api/v1/health").returncode == 0, "all else goes on"
    finally:
        appliance.compose("start", "supervisor")
    appliance.wait_healthy(120)


@pytest.mark.parametrize(("port", "knows"), [(5000, "checks"), (8000, "model"), (8080, "services")])
def test_line_5_backend_ai_and_supervisor_have_their_own(appliance: Appliance, port: int, knows: str) -> None:
    answer = json.loads(_typed(appliance, f"curl -fsS http://localhost:{port}/health").stdout)
    assert answer["status"] == "ok"
    assert answer[knows]


@pytest.mark.parametrize("path", ["", "/db", "/redis"])
def test_line_6_the_api_tells_of_itself_the_database_and_redis(appliance: Appliance, path: str) -> None:
    answer = json.loads(_typed(appliance, f"curl -fsS http://localhost/api/v1/health{path}").stdout)
    checks = answer["checks"].values() if not path else [answer]
    assert len(checks) == (1 if path else 2)
    assert all(check["status"] == "ok" and 0 < check["milliseconds"] < 5_000 for check in checks)


def test_line_7_metrics_pass_promtool(appliance: Appliance) -> None:
    assert "tradeai_service_up" in _typed(appliance, "curl -fsS localhost:9090/metrics").stdout
    _typed(appliance, "curl -fsS localhost:9090/metrics | promtool check metrics")


@contextmanager
def _socket(appliance: Appliance, door: str) -> Iterator[ClientConnection]:
    if door == "localhost:8765":
        with connect(f"ws://localhost:{appliance.env['REALTIME_PORT']}/ws", proxy=None) as socket:
            yield socket
    else:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with connect(f"wss://localhost:{appliance.env['HTTPS_PORT']}/ws", ssl=context, proxy=None) as socket:
            yield socket


def _said(socket: ClientConnection, kind: str, **message: Any) -> dict[str, Any]:
    """The next message of that type, after `message` was sent."""
    if message:
        socket.send(json.dumps(message))
    while True:
        heard = json.loads(socket.recv(20))
        if heard["type"] == kind:
            return dict(heard)


def _events_until(socket: ClientConnection, job: str) -> list[dict[str, Any]]:
    """What happens, up to the first event about `job`."""
    heard = [_said(socket, "event")]
    while heard[-1]["data"].get("job_id") != job:
        heard.append(_said(socket, "event"))
    return heard


@pytest.mark.parametrize("door", ["localhost:8765", "nginx"])
def test_line_8_the_websocket_welcomes_answers_and_tells_what_happens(appliance: Appliance, door: str) -> None:
    with _socket(appliance, door) as socket, appliance.signed_in() as client:
        assert _said(socket, "welcome")["heartbeat_seconds"] > 0
        assert _said(socket, "pong", type="ping", id=7)["id"] == 7
        ticket = client.post("/api/v1/realtime/ticket").json()["ticket"]
        assert _said(socket, "signed_in", type="sign_in", ticket=ticket)["role"] == "administrator"
        assert _said(socket, "subscribed", type="subscribe", topics=["promotions"])["topics"] == ["promotions"]
        job = client.post("/api/v1/promotions/find").json()["job"]
        topics = {event["topic"] for event in _events_until(socket, job)}
        assert topics == {"promotions"}
        assert _said(socket, "unsubscribed", type="unsubscribe", topics=["promotions"])["topics"] == ["promotions"]
        _ended(client, job)


def test_line_9_the_logs_are_followed_line_by_line(appliance: Appliance) -> None:
    mark = uuid4().hex
    follow = shlex.split("docker compose logs -f --no-log-prefix --tail 1 nginx")
    logs = subprocess.Popen(follow, cwd=appliance.root, stdout=subprocess.PIPE, text=True)
    giving_up = threading.Timer(60, logs.kill)
    giving_up.start()
    try:
        assert logs.stdout
        logs.stdout.readline()
        with appliance.http() as client:
            client.get(f"/{mark}")
        found = next((line for line in logs.stdout if mark in line), "")
        assert json.loads(found or "null"), "the request did not appear"
    finally:
        giving_up.cancel()
        logs.send_signal(signal.SIGINT)
        logs.communicate(timeout=20)


@pytest.mark.parametrize(
    "files", ["$LOGS/app.log", "$LOGS/access.log", "$LOGS/error.log", "$NGINX_LOGS/access.log", "$NGINX_LOGS/error.log"]
)
def test_line_10_the_same_lies_on_the_host(appliance: Appliance, files: str) -> None:
    lines = _typed(appliance, f"tail -n 20 {files}").stdout.splitlines()
    assert lines or "error" in files
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_line_10_filebeat_reads_where_the_logs_are_by_default(appliance: Appliance) -> None:
    shipped = (appliance.root / "compose/filebeat.yml").read_text()
    example = (appliance.root / ".env.example").read_text()
    for name in ("LOG_DIR", "NGINX_LOG_DIR"):
        folder = re.search(rf"^{name}=(.+)$", example, re.MULTILINE)
        assert folder
        assert f"- {folder[1]}/" in shipped


def _ended(client: httpx.Client, job: str) -> None:
    """Until the job is done; while a service restarts, nobody may answer."""

    def state() -> str:
        try:
            answer = client.get(f"/api/v1/jobs/{job}")
            return str(answer.json()["state"]) if answer.status_code == 200 else ""
        except (httpx.HTTPError, ValueError):
            return ""

    wait_until(lambda: state() == "finished", 120, lambda: f"job {job} is {state()}")


@pytest.mark.parametrize("service", RESTARTED)
def test_line_16_any_service_can_be_restarted(appliance: Appliance, service: str) -> None:
    before = _restarts(appliance)
    with appliance.signed_in() as client:
        jobs = [client.post("/api/v1/promotions/find").json()["job"] for _time in range(3)]
        _typed(appliance, f"docker compose restart {service}")
        appliance.wait_healthy(180)
        assert client.get("/api/v1/auth/me").status_code == 200, "the restart signed somebody out"
        for job in jobs:
            _ended(client, job)
    assert _restarts(appliance) == before, "the supervisor interfered with the operator"


def test_line_17_the_database_answers_its_own_tools(appliance: Appliance) -> None:
    assert "ok: 1" in _typed(appliance, """docker compose exec mongodb mongosh --eval "db.adminCommand('ping')" """).stdout
    assert "insert" in _typed(appliance, "docker compose exec mongodb mongostat --rowcount 1").stdout


def test_line_18_nothing_is_left_to_migrate(appliance: Appliance) -> None:
    assert "already up to date" in _typed(appliance, "scripts/tradeai migrate").stdout


def test_line_19_limits_and_times_are_shown(appliance: Appliance) -> None:
    rows = _typed(appliance, "docker stats --no-stream --format '{{.Name}} {{.MemUsage}}'").stdout.splitlines()
    limits = {name: limit for name, _used, _of, limit in (row.split() for row in rows) if name.startswith(appliance.project)}
    assert {f"{appliance.project}-{service}-1" for service in SERVICES} <= set(limits)
    sizes = {"MiB": 1, "GiB": 1024}
    for name, limit in limits.items():
        assert float(limit[:-3]) * sizes[limit[-3:]] <= LARGEST_LIMIT_MB, f"{name} has no limit of its own: {limit}"

    shown = _typed(appliance, 'curl -s -o /dev/null -w "@curl-format.txt" http://localhost/health').stdout
    for name in ("name lookup", "connected", "TLS handshake", "first byte", "total"):
        assert re.search(rf"^ *{name} +\d+\.\d+ s$", shown, re.MULTILINE), shown
    assert re.search(r"^ *status +200$", shown, re.MULTILINE)
