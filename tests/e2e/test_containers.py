"""Every container is hardened as the architecture says, and the operators' commands on it work."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.appliance import Appliance

SERVICES = ("mongodb", "redis", "backend", "realtime", "worker", "ai", "nginx", "dockerproxy", "supervisor", "backup", "drill")
REFERENCE_MEMORY = 8 * 1024**3
FOR_THE_HOST = 1024**3
OF_A_TASK_AND_ITS_WATCH = 128 * 1024**2
SECRETS = {
    "mongodb": {"mongo_root_password", "mongo_app_password", "mongo_ai_password", "mongo_backup_password"},
    "redis": {"redis_password"},
    "backend": {"mongo_app_password", "redis_password", "secret_key", "jwt_keys"},
    "realtime": {"redis_password"},
    "worker": {"mongo_app_password", "redis_password"},
    "ai": {"mongo_ai_password"},
    "nginx": set(),
    "dockerproxy": set(),
    "supervisor": {"redis_password", "supervisor_password"},
    "backup": {"mongo_backup_password", "redis_password", "secret_key", "jwt_keys"},
    "drill": {"mongo_root_password", "mongo_app_password", "mongo_ai_password", "mongo_backup_password"},
}


@pytest.fixture(scope="module")
def inspected(appliance: Appliance) -> dict[str, dict[str, Any]]:
    """`docker inspect` of every service."""
    names = [f"{appliance.project}-{service}-1" for service in SERVICES]
    found = json.loads(appliance.run("docker", "inspect", *names).stdout)
    return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_has_no_more_rights_than_it_needs(inspected: dict[str, dict[str, Any]], service: str) -> None:
    host = inspected[service]["HostConfig"]
    assert inspected[service]["Config"]["User"] == "10001:10001"
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert not host["Privileged"]
    assert "no-new-privileges:true" in host["SecurityOpt"]


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_has_limits_a_health_check_and_turning_logs(inspected: dict[str, dict[str, Any]], service: str) -> None:
    host, config = inspected[service]["HostConfig"], inspected[service]["Config"]
    assert host["Memory"] > 0
    assert host["NanoCpus"] > 0
    assert config["Healthcheck"]["Test"]
    assert host["LogConfig"]["Type"] == "json-file"
    assert {"max-size", "max-file"} <= set(host["LogConfig"]["Config"])


def test_memory_limits_fit_the_reference_machine_in_sum(inspected: dict[str, dict[str, Any]]) -> None:
    assert sum(one["HostConfig"]["Memory"] for one in inspected.values()) <= REFERENCE_MEMORY - FOR_THE_HOST


def test_the_tools_of_the_backup_leave_memory_for_what_runs_them(inspected: dict[str, dict[str, Any]]) -> None:
    environment = dict(pair.split("=", 1) for pair in inspected["backup"]["Config"]["Env"])
    for_tools = int(environment["GOMEMLIMIT"].removesuffix("MiB")) * 1024**2
    assert for_tools + OF_A_TASK_AND_ITS_WATCH <= inspected["backup"]["HostConfig"]["Memory"]


def test_docker_restarts_only_what_the_supervisor_does_not_keep(inspected: dict[str, dict[str, Any]]) -> None:
    policies = {service: one["HostConfig"]["RestartPolicy"]["Name"] or "no" for service, one in inspected.items()}
    assert set(policies.values()) == {"always", "no"}
    assert {service for service, policy in policies.items() if policy == "always"} == {
        "supervisor", "dockerproxy", "backup", "drill",
    }  # fmt: skip


def test_only_nginx_is_published_beyond_this_machine(inspected: dict[str, dict[str, Any]]) -> None:
    for service, one in inspected.items():
        addresses = {binding["HostIp"] for bindings in (one["HostConfig"]["PortBindings"] or {}).values() for binding in bindings}
        assert service == "nginx" or addresses <= {"127.0.0.1"}, service


def test_no_secret_is_in_any_environment(appliance: Appliance, inspected: dict[str, dict[str, Any]]) -> None:
    values = [appliance.env[name.upper()] for name in set().union(*SECRETS.values())]
    assert all(len(value) >= 40 for value in values)
    for service, one in inspected.items():
        shown = json.dumps(one)
        assert not [value for value in values if value in shown], f"inspect of {service} shows a secret"


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_mounts_only_its_own_secrets(inspected: dict[str, dict[str, Any]], service: str) -> None:
    mounted = {
        Path(one["Destination"]).name for one in inspected[service]["Mounts"] if one["Destination"].startswith("/run/secrets/")
    }
    assert mounted == SECRETS[service]


def test_nginx_cannot_reach_the_database(appliance: Appliance) -> None:
    probe = "exec 3<>/dev/tcp/{}/{}"
    reach = lambda host, port: appliance.compose(  # noqa: E731
        "exec", "-T", "nginx", "timeout", "3", "bash", "-c", probe.format(host, port), check=False
    )
    assert reach("backend", 5000).returncode == 0
    assert reach("mongodb", 27017).returncode != 0


def test_the_database_shell_and_tools_need_no_password(appliance: Appliance) -> None:
    ping = appliance.compose("exec", "-T", "mongodb", "mongosh", "--eval", "db.adminCommand('ping')")
    assert "ok: 1" in ping.stdout
    name = appliance.compose("exec", "-T", "mongodb", "mongosh", "other", "--eval", "print(db.getName())")
    assert name.stdout.strip() == "other"
    stat = appliance.compose("exec", "-T", "mongodb", "mongostat", "--rowcount", "1")
    assert "insert" in stat.stdout


def test_the_user_of_the_ai_service_may_only_read(appliance: Appliance) -> None:
    """MongoDB gets the narrower role; the stand-in knows only one that reads."""
    shown = appliance.compose(
        "exec", "-T", "mongodb", "mongosh", "admin", "--eval", "print(JSON.stringify(db.getUser('ai').roles))"
    )
    roles = {(role["role"], role["db"]) for role in json.loads(shown.stdout.strip().splitlines()[-1])}
    stand_in = appliance.env["TRADEAI_DATABASE"] == "mongodb-standin"
    assert roles == ({("readAnyDatabase", "admin")} if stand_in else {("read", "tradeai")})


def test_a_dump_can_be_copied_out_and_restored(appliance: Appliance, tmp_path: Path) -> None:
    shell = ("exec", "-T", "mongodb", "mongosh", "--eval")
    appliance.compose(*shell, "db.getSiblingDB('dump_test').kept.insertOne({_id: 'one', amount: NumberDecimal('1.10')})")
    try:
        appliance.compose("exec", "-T", "mongodb", "mongodump", "--out", "/tmp/dump-test")
        appliance.compose("cp", "mongodb:/tmp/dump-test", str(tmp_path))
        assert list((tmp_path / "dump-test").rglob("kept.bson*"))
        appliance.compose(*shell, "db.getSiblingDB('dump_test').dropDatabase()")
        appliance.compose("exec", "-T", "mongodb", "mongorestore", "--nsInclude", "dump_test.*", "/tmp/dump-test")
        found = appliance.compose(*shell, "JSON.stringify(db.getSiblingDB('dump_test').kept.findOne())")
        assert "1.10" in found.stdout
    finally:
        appliance.compose(*shell, "db.getSiblingDB('dump_test').dropDatabase()")
        appliance.compose("exec", "-T", "mongodb", "rm", "-rf", "/tmp/dump-test")


@pytest.mark.parametrize("service", SERVICES)
def test_container_logs_are_one_json_object_a_line(appliance: Appliance, service: str) -> None:
    lines = appliance.compose("logs", "--no-log-prefix", "--no-color", "--tail", "50", service).stdout.splitlines()
    broken = [line for line in lines if line.strip() and not _is_object(line)]
    assert not broken, broken[:3]


def test_host_log_files_are_one_json_object_a_line(appliance: Appliance) -> None:
    with appliance.http() as client:
        client.get("/sign-in")
    folders = [appliance.root / appliance.env[name] for name in ("LOG_DIR", "NGINX_LOG_DIR")]
    for path in (
        folders[0] / "app.log",
        folders[0] / "access.log",
        folders[0] / "error.log",
        folders[1] / "access.log",
        folders[1] / "error.log",
    ):
        lines = path.read_text().splitlines()[-200:]
        assert not [line for line in lines if not _is_object(line)], path


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False
