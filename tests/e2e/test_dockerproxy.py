"""The supervisor's door to Docker lets through what it needs and nothing else."""

import json
from collections.abc import Iterator

import pytest

from tests.appliance import Appliance

_STRANGER = "somebody-elses-backend-1"


def _status(appliance: Appliance, method: str, path: str, *options: str) -> int:
    """The proxy's answer to a request from where the supervisor sits."""
    address = f"http://dockerproxy:2375{path.replace('PROJECT', appliance.project)}"
    curl = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-m", "20", "--path-as-is", "-X", method)
    done = appliance.compose("exec", "-T", "supervisor", *curl, *options, address, check=False)
    return int(done.stdout or 0)


@pytest.fixture(scope="module")
def stranger(appliance: Appliance) -> Iterator[str]:
    """A running container that is not ours; its id."""
    appliance.run("docker", "rm", "-f", _STRANGER, check=False)
    done = appliance.run("docker", "run", "-d", "--name", _STRANGER, "--network", "none", "tradeai/base:local", "sleep", "600")
    yield done.stdout.strip()
    appliance.run("docker", "rm", "-f", _STRANGER)


def _started_at(appliance: Appliance, name: str) -> str:
    return appliance.run("docker", "inspect", "--format", "{{.State.StartedAt}} {{.State.Running}}", name).stdout.strip()


@pytest.mark.parametrize(
    "path",
    [
        "/_ping",
        "/version",
        "/v1.41/containers/json?all=1",
        "/v1.41/containers/PROJECT-backend-1/json",
        "/v1.41/containers/PROJECT-backend-1/logs?stdout=1&tail=1",
        "/v1.41/containers/PROJECT-backend-1/stats?stream=false&one-shot=true",
        "/v1.41/events?until=1",
        "/v1.24/containers/PROJECT-supervisor-1/json",
        "/v1.41/containers/PROJECT-backup-1/json",
        "/v1.41/containers/PROJECT-drill-1/json",
    ],
)
def test_looking_is_allowed(appliance: Appliance, path: str) -> None:
    assert _status(appliance, "GET", path) == 200


def test_starting_what_runs_is_allowed_and_changes_nothing(appliance: Appliance) -> None:
    assert _status(appliance, "POST", "/v1.41/containers/PROJECT-ai-1/start") == 304


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1.41/containers/create?name=x"),
        ("POST", "/v1.41/containers/PROJECT-backend-1/exec"),
        ("POST", "/v1.41/exec/0123456789ab/start"),
        ("POST", "/v1.41/containers/PROJECT-backend-1/attach"),
        ("POST", "/v1.41/containers/PROJECT-backend-1/kill"),
        ("POST", "/v1.41/containers/PROJECT-backend-1/update"),
        ("POST", "/v1.41/containers/PROJECT-backend-1/rename?name=x"),
        ("DELETE", "/v1.41/containers/PROJECT-backend-1?force=1"),
        ("POST", "/v1.41/containers/prune"),
        ("GET", "/v1.41/containers/PROJECT-backend-1/export"),
        ("GET", "/v1.41/containers/PROJECT-backend-1/archive?path=/run/secrets"),
        ("PUT", "/v1.41/containers/PROJECT-backend-1/archive?path=/tmp"),
        ("POST", "/v1.41/build"),
        ("GET", "/v1.41/images/json"),
        ("DELETE", "/v1.41/images/tradeai/app:local"),
        ("POST", "/v1.41/images/create?fromImage=x"),
        ("GET", "/v1.41/volumes"),
        ("POST", "/v1.41/volumes/create"),
        ("DELETE", "/v1.41/volumes/PROJECT_mongodb-data"),
        ("GET", "/v1.41/networks"),
        ("GET", "/v1.41/secrets"),
        ("POST", "/v1.41/swarm/init"),
        ("GET", "/v1.41/info"),
        ("POST", "/v1.41/containers/PROJECT-supervisor-1/stop"),
        ("POST", "/v1.41/containers/PROJECT-dockerproxy-1/stop"),
        ("POST", "/v1.41/containers/PROJECT-backup-1/restart"),
        ("GET", "/v1.41/containers/PROJECT-backup-1/logs?stdout=1"),
        ("GET", "/v1.41/containers/PROJECT-demo-1/json"),
    ],
)
def test_everything_else_is_refused(appliance: Appliance, method: str, path: str) -> None:
    assert _status(appliance, method, path) == 403


@pytest.mark.parametrize("version", ["v1.12", "v1.22", "v1.23", "v1.9", "v0.1", "v2.0", "1.41"])
def test_old_and_odd_api_versions_are_refused(appliance: Appliance, version: str) -> None:
    """Before 1.24, `start` took a body that changed mounts and limits."""
    assert _status(appliance, "GET", f"/{version}/containers/json") == 403
    assert _status(appliance, "POST", f"/{version}/containers/PROJECT-ai-1/start") == 403


@pytest.mark.parametrize(
    "options",
    [
        ("-d", '{"HostConfig":{"Binds":["/:/host"]}}'),
        ("-H", "Transfer-Encoding: chunked", "-d", '{"HostConfig":{"Binds":["/:/host"]}}'),
        ("--http2-prior-knowledge", "-H", "Content-Length:", "-d", "{}"),
        ("-H", "Upgrade: tcp", "-H", "Connection: Upgrade"),
    ],
    ids=["length", "chunked", "http2", "upgrade"],
)
def test_a_body_on_start_never_reaches_docker(appliance: Appliance, options: tuple[str, ...]) -> None:
    assert _status(appliance, "POST", "/v1.41/containers/PROJECT-ai-1/start", *options) in {403, 0}


@pytest.mark.parametrize("order", ["stop", "restart", "start"])
def test_other_containers_of_the_machine_cannot_be_touched(appliance: Appliance, stranger: str, order: str) -> None:
    before = _started_at(appliance, _STRANGER)
    for name in (_STRANGER, stranger, stranger[:12], f"PROJECT-ai-1/../{_STRANGER}", f"PROJECT-ai-1%2F..%2F{_STRANGER}"):
        assert _status(appliance, "POST", f"/v1.41/containers/{name}/{order}?t=1") == 403
    assert _started_at(appliance, _STRANGER) == before


def test_other_containers_cannot_be_read(appliance: Appliance, stranger: str) -> None:
    for name in (_STRANGER, stranger):
        assert _status(appliance, "GET", f"/v1.41/containers/{name}/json") == 403
        assert _status(appliance, "GET", f"/v1.41/containers/{name}/logs?stdout=1") == 403


def test_even_an_own_container_is_reached_by_name_only(appliance: Appliance) -> None:
    number = appliance.compose("ps", "-q", "ai").stdout.strip()
    assert number
    assert _status(appliance, "POST", f"/v1.41/containers/{number}/restart") == 403


def test_a_refusal_is_logged(appliance: Appliance) -> None:
    _status(appliance, "DELETE", "/v1.41/containers/tell-tale")
    lines = appliance.compose("logs", "--no-log-prefix", "--tail", "20", "dockerproxy").stdout.splitlines()
    assert [line for line in lines if "tell-tale" in line and json.loads(line)["status"] == 403]


def test_only_the_supervisor_can_reach_it(appliance: Appliance) -> None:
    for service in ("backend", "nginx", "worker"):
        done = appliance.compose("exec", "-T", service, "curl", "-s", "-m", "3", "http://dockerproxy:2375/_ping", check=False)
        assert done.returncode != 0, service
