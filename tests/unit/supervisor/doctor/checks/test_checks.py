"""Each check is content with an appliance in order, and says what is wrong with one that is not."""

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest

from app.supervisor.doctor.catalogue import catalogue
from app.supervisor.doctor.finding import Verdict
from app.supervisor.doctor.gather import WATCHED
from app.supervisor.doctor.world import AlertFacts, File, World
from app.supervisor.state import Disk, Measure, Phase
from tests.unit.supervisor.doctor.given import (
    NOW,
    TOLD,
    Hands,
    container,
    door,
    facts,
    files,
    host,
    measured,
    none_yet,
    phases,
    told,
    worker,
    worker_host,
    world,
)

CHECKS = {check.name: check for check in catalogue()}
OK, WARNING, PROBLEM, UNKNOWN = Verdict.OK, Verdict.WARNING, Verdict.PROBLEM, Verdict.UNKNOWN
DAY = timedelta(days=1)


def failing_channel() -> World:
    given = world()
    return replace(given, state=replace(given.state, measures=MappingProxyType({("channel_failing", "mail"): Measure(1, NOW)})))


def other_image() -> World:
    return worker(lambda found: found.update(Image="sha256:bbbbbbbbbbbb"))


def slow_query() -> World:
    given = world()
    measures = {("db_query_mean_ms", ""): Measure(80, NOW, "40 commands; slow: find sales (9 times, 300 ms)")}
    return replace(given, state=replace(given.state, measures=MappingProxyType(measures)))


def without(name: str) -> World:
    given = world()
    return replace(given, inspected={key: found for key, found in given.inspected.items() if key != name})


def in_state(name: str, **state: object) -> World:
    return worker(lambda found: found["State"].update(state), name)


# check, world, verdict, a word of the evidence
NOT_IN_ORDER = [
    ("disk", host(disk_free=9 * 10**9), PROBLEM, "9.0 GB"),
    ("disk", host(disk_free=15 * 10**9), WARNING, "15 %"),
    ("disk", measured(disk_full_in_h=48.0), WARNING, "full in 2.0 days"),
    ("disk", host(disks=(Disk("backups", 10**12, 10**10),)), PROBLEM, "the disk of the backups: 10.0 GB"),
    ("disk", host(disk_free=9 * 10**9, disks=(Disk("logs", 10**12, 9 * 10**11),)), PROBLEM, "9.0 GB of 100 GB"),
    ("disk", host(disks=(Disk("logs", 10**12, 9 * 10**11),)), OK, "the disk of the logs: 900 GB"),
    ("inodes", host(disks=(Disk("backups", 10**12, 10**11, 100, 1),)), PROBLEM, "the disk of the backups: 1.0 %"),
    ("inodes", host(inodes_free=40), PROBLEM, "4.0 %"),
    ("inodes", host(inodes_free=100), WARNING, "10 %"),
    ("inodes", host(inodes_total=0), OK, "no limit"),
    ("swap", host(swap_total=0), WARNING, "no swap"),
    ("swap", host(swap_total=0, memory_total=64 * 10**9), OK, "64.0 GB"),
    ("swap", host(swap_used=19 * 10**8), WARNING, "95 %"),
    ("memory", host(memory_available=3 * 10**8), PROBLEM, "300 MB"),
    ("memory", host(memory_available=8 * 10**8), WARNING, "800 MB"),
    ("clock", measured(clock_drift_s=-45.0), PROBLEM, "45"),
    ("clock", measured(clock_drift_s=3.0), WARNING, "3.0 s off"),
    ("clock", facts(clock_follows=False), WARNING, "no time server"),
    ("kernel", world(kernel="4.4.0-generic"), PROBLEM, "4.4.0"),
    ("kernel", world(kernel="4.19.0-26-amd64"), WARNING, "4.19"),
    ("kernel", world(kernel=""), UNKNOWN, "version"),
    ("reboot_required", facts(reboot_required=True), WARNING, "restart"),
    ("open_ports", facts(listening=[{"port": 27017, "process": "mongod"}]), WARNING, "27017 (mongod)"),
    ("firewall", facts(firewall={"kind": "none", "active": False}), WARNING, "No firewall"),
    ("ssh_passwords", facts(ssh={"installed": True, "passwords": True, "root": "no"}), WARNING, "passwords"),
    ("ssh_passwords", facts(ssh={"installed": False, "passwords": False, "root": "no"}), OK, "no SSH server"),
    ("ssh_root", facts(ssh={"installed": True, "passwords": True, "root": "yes"}), PROBLEM, "root"),
    ("ssh_root", facts(ssh={"installed": False, "passwords": False, "root": "no"}), OK, "no SSH server"),
    ("unattended_upgrades", facts(unattended_upgrades=False), WARNING, "wait for somebody"),
    ("pending_updates", facts(security_updates=7), WARNING, "7 security updates"),
    ("docker_version", world(docker={"Version": "19.03.1"}), PROBLEM, "19.03.1"),
    ("docker_version", world(docker={"Version": "20.10.5"}), WARNING, "20.10.5"),
    ("docker_version", world(docker={"Version": "20.10.24+dfsg1"}), OK, "dfsg"),
    ("docker_version", world(docker=None, silence={"docker": "no route"}), UNKNOWN, "no route"),
    ("log_folder", files("logs", File("app.log", 3 * 10**9, NOW)), WARNING, "app.log (3.0 GB)"),
    ("log_folder", files("logs", File("app.log", 7 * 10**9, NOW)), PROBLEM, "7.0 GB"),
    ("log_folder", world(folders={}, silence={"logs": "Permission denied"}), UNKNOWN, "Permission denied"),
    ("host_facts", world(facts=None), WARNING, "never looked at"),
    ("host_facts", world(now=NOW + 9 * DAY), WARNING, "9 days"),
    ("log_rotation", worker_host(LogConfig={"Type": "json-file", "Config": {}}), WARNING, "worker"),
    ("root_user", worker(lambda found: found["Config"].update(User="")), PROBLEM, "worker"),
    ("root_user", worker(lambda found: found["Config"].update(User="0:0")), PROBLEM, "worker"),
    ("writable_root", worker_host(ReadonlyRootfs=False), WARNING, "worker"),
    ("capabilities", worker_host(CapDrop=None), WARNING, "worker"),
    ("capabilities", worker_host(CapAdd=["SYS_ADMIN"]), WARNING, "worker (SYS_ADMIN)"),
    ("privileged", worker_host(Privileged=True), PROBLEM, "worker: privileged"),
    ("privileged", worker_host(NetworkMode="host"), PROBLEM, "NetworkMode"),
    ("privileged", worker_host(SecurityOpt=None), PROBLEM, "gain rights"),
    ("docker_socket", worker(lambda found: found.update(Mounts=[{"Source": "/run/docker.sock"}])), PROBLEM, "worker"),
    ("published_ports", worker_host(PortBindings={"5001/tcp": [{"HostIp": "", "HostPort": "5001"}]}), PROBLEM, "worker *:5001"),
    ("published_ports", worker_host(PortBindings={"5001/tcp": [{"HostIp": "127.0.0.1", "HostPort": "5001"}]}), OK, "Only nginx"),
    ("image_age", facts(images={"redis": "2025-12-20T10:00:00+00:00"}), WARNING, "redis"),
    ("image_age", facts(images={"redis": "2025-06-20T10:00:00+00:00"}), PROBLEM, "redis"),
    ("image_age", facts(images={}), UNKNOWN, "host"),
    ("memory_limits", worker_host(Memory=0), WARNING, "worker"),
    ("restart_policy", worker_host(RestartPolicy={"Name": "unless-stopped"}), WARNING, "worker (unless-stopped)"),
    ("one_version", other_image(), PROBLEM, "worker bbbbbbbb"),
    ("stopped_services", phases(redis=Phase.STOPPED), WARNING, "redis"),
    ("stopped_services", phases(redis=Phase.QUARANTINED), PROBLEM, "quarantine"),
    ("secret_values", facts(secrets={"KEY": {"length": 0, "known": False, "shared": False}}), PROBLEM, "KEY"),
    ("secret_values", facts(secrets={"KEY": {"length": 30, "known": True, "shared": False}}), PROBLEM, "KEY"),
    ("secret_values", facts(secrets={"KEY": {"length": 30, "known": False, "shared": True}}), WARNING, "several: KEY"),
    ("secret_modes", facts(modes={".env": "644"}), PROBLEM, ".env"),
    ("secret_modes", facts(modes={"secrets/": "755"}), PROBLEM, "secrets/"),
    ("secret_age", facts(secrets={"KEY": {"length": 30, "age_days": 500}}), WARNING, "KEY"),
    ("secret_age", facts(secrets={"KEY": {"length": 30}}), UNKNOWN, "host"),
    ("certificate_end", door(ends_at=NOW - DAY), PROBLEM, "ended on 2026-03-01"),
    ("certificate_end", door(ends_at=NOW + 3 * DAY), PROBLEM, "in 3 days"),
    ("certificate_end", door(ends_at=NOW + 14 * DAY), WARNING, "in 14 days"),
    ("certificate_chain", door(trusted=False, self_signed=True), WARNING, "self-signed"),
    ("certificate_chain", door(trusted=False, refusal="unable to get local issuer"), PROBLEM, "issuer"),
    ("certificate_chain", world(certificate=None, silence={"certificate": "refused"}), UNKNOWN, "refused"),
    ("tls_protocols", door(old_protocols=("TLS 1.0",)), PROBLEM, "TLS 1.0"),
    ("plain_http", world(settings={"http": "trusted"}), WARNING, "TRADEAI_HTTP=trusted"),
    ("administrators", told("users", administrators=0), PROBLEM, "Nobody"),
    ("administrators", told("users", administrators=6), WARNING, "6 people"),
    ("second_factor", told("users", administrators=2), WARNING, "2 administrators"),
    ("unused_accounts", told("users", unused={"count": 7, "names": [*"abcdefg"]}), WARNING, "7 accounts"),
    ("first_passwords", told("users", first_password={"count": 1, "names": ["ann@example.com"]}), WARNING, "ann@example.com"),
    ("backup_age", measured(backup_age_h=None), PROBLEM, "no backup yet"),
    ("backup_age", none_yet(), PROBLEM, "no backup yet"),
    ("backup_age", measured(backup_age_h=30), WARNING, "30 hours"),
    ("backup_age", measured(backup_age_h=60), PROBLEM, "60 hours"),
    ("backup_containers", without("drill"), PROBLEM, "drill: there is no such container"),
    ("backup_containers", in_state("backup", Status="exited", ExitCode=3), PROBLEM, "backup: it ended with exit code 3"),
    ("backup_containers", in_state("backup", Status="paused"), PROBLEM, "backup: it is paused"),
    ("backup_containers", in_state("drill", Health={"Status": "unhealthy"}), PROBLEM, "heartbeat"),
    ("backup_containers", in_state("drill", Health={"Status": "starting"}), OK, "young"),
    ("backup_containers", world(inspected={}, silence={"containers": "no route"}), UNKNOWN, "no route"),
    ("backup_proof", measured(proof_age_days=None), WARNING, "No backup was proven"),
    ("backup_proof", measured(proof_age_days=10), WARNING, "10 days"),
    ("backup_proof", measured(proof_age_days=40), PROBLEM, "40 days"),
    ("backup_proof", measured(drill_failed=1), PROBLEM, "drill failed"),
    ("backup_offsite", measured(offsite_age_h=None), WARNING, "elsewhere"),
    ("backup_offsite", measured(offsite_age_h=90), WARNING, "90 hours"),
    ("audit_chain", told("audit", ok=False, broken_at=17, reason="changed"), PROBLEM, "entry 17"),
    ("reconciler", told("totals", count=1, differences=["week12.csv: 9 facts, 10 should be"]), PROBLEM, "week12.csv"),
    ("reconciler", told("totals", busy="week12.csv"), UNKNOWN, "week12.csv is being imported"),
    ("missing_indexes", told("indexes", missing=["sales: week"]), PROBLEM, "sales: week"),
    ("migrations", told("migrations", known=2), PROBLEM, "this version at 2"),
    ("migrations", told("migrations", applied=3), PROBLEM, "migration 3"),
    ("slow_queries", measured(db_query_mean_ms=80), WARNING, "80 ms"),
    ("slow_queries", slow_query(), WARNING, "find sales (9 times, 300 ms)"),
    ("slow_queries", measured(db_query_mean_ms=None, db_latency_ms=4), OK, "4 ms"),
    ("slow_queries", measured(db_query_mean_ms=None), UNKNOWN, "measured"),
    ("redis_memory", told("redis", maxmemory=0), WARNING, "no limit"),
    ("redis_memory", told("redis", policy="allkeys-lru"), PROBLEM, "thrown away"),
    ("redis_memory", told("redis", evicted=5), WARNING, "5 entries"),
    ("redis_memory", told("redis", used_memory=300 * 10**6), WARNING, "94 %"),
    ("failed_jobs", told("jobs", failed=2, titles=["Import"]), WARNING, "2 jobs failed"),
    ("backend_answers", world(told=None, silence={"app": "connection refused"}), PROBLEM, "connection refused"),
    ("backend_answers", world(told={**TOLD, "redis": {"silent": "TimeoutError"}}), WARNING, "redis"),
    ("redis_memory", world(told={**TOLD, "redis": {"silent": "TimeoutError"}}), UNKNOWN, "TimeoutError"),
    ("alert_channels", world(alerts=AlertFacts()), PROBLEM, "No channel"),
    ("alert_channels", world(alerts=None), UNKNOWN, "settings"),
    ("alert_tests", failing_channel(), PROBLEM, "mail"),
    ("alert_tests", world(alerts=AlertFacts({"sms": None, "mail": NOW})), WARNING, "sms"),
    ("alert_tests", world(alerts=AlertFacts()), UNKNOWN, "no channel"),
    ("state_space", world(store_trouble="disk I/O error"), PROBLEM, "disk I/O error"),
    ("state_space", host(disk_free=10**8), PROBLEM, "100 MB"),
    ("state_space", files("state", File("history.sqlite3", 2 * 10**9, NOW)), WARNING, "2.0 GB"),
    ("damaged_records", files("state", File("supervisor.damaged-1", 10, NOW)), WARNING, "supervisor.damaged-1"),
]  # fmt: skip


def look(name: str, given: World) -> tuple[Verdict, str, str]:
    """As the examination has it: nothing to judge by is a verdict of its own."""
    from app.supervisor.doctor.examine import examine

    (result,) = examine(given, [CHECKS[name]])
    return result.verdict, result.evidence, result.remedy


@pytest.mark.parametrize("name", CHECKS)
def test_an_appliance_in_order_passes(name: str) -> None:
    verdict, evidence, remedy = look(name, world())
    assert (verdict, remedy) == (OK, ""), evidence
    assert evidence


@pytest.mark.parametrize(
    ("name", "given", "verdict", "word"), NOT_IN_ORDER, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_not_in_order_is_said(name: str, given: World, verdict: Verdict, word: str) -> None:
    found, evidence, remedy = look(name, given)
    assert found is verdict, evidence
    assert word in evidence
    assert bool(remedy) is (verdict in {WARNING, PROBLEM})


def test_every_check_has_a_case_that_it_complains_about() -> None:
    complaining = {name for name, _given, verdict, _word in NOT_IN_ORDER if verdict in {WARNING, PROBLEM}}
    assert complaining == CHECKS.keys()


def test_without_any_evidence_no_check_breaks_and_none_is_content_without_reason() -> None:
    nothing = replace(
        world(), facts=None, inspected={}, docker=None, told=None, certificate=None, folders={}, alerts=None, kernel=""
    )
    for name in CHECKS:
        _verdict, evidence, _remedy = look(name, nothing)
        assert "broke" not in evidence, (name, evidence)


def test_only_safe_fixes_are_offered_and_each_says_what_it_will_do() -> None:
    fixes = {name for name, check in CHECKS.items() if check.repair}
    assert fixes == {"log_folder", "stopped_services", "missing_indexes", "damaged_records"}
    assert all(bool(check.promise) is bool(check.repair) for check in CHECKS.values())


def fixed(name: str, given: World) -> Hands:
    repair = CHECKS[name].repair
    assert repair
    assert repair(given)
    assert isinstance(given.hands, Hands)
    return given.hands


def test_the_log_fix_deletes_turned_files_that_are_old_and_nothing_else() -> None:
    old, young = NOW - 20 * DAY, NOW - DAY
    seen = [File("app.log.3", 1, old), File("app.log.1", 1, young), File("app.log", 1, old), File("notes.log.txt", 1, old)]
    assert fixed("log_folder", files("logs", *seen)).removed == [("logs", ("app.log.3",))]


def test_the_fix_for_damaged_records_keeps_the_recent_ones() -> None:
    seen = [
        File("supervisor.damaged-1", 1, NOW - 40 * DAY),
        File("supervisor.damaged-2", 1, NOW),
        File("supervisor.sqlite3", 1, NOW - 40 * DAY),
    ]
    assert fixed("damaged_records", files("state", *seen)).removed == [("state", ("supervisor.damaged-1",))]


def test_the_fix_for_stopped_services_starts_those_and_leaves_the_quarantined() -> None:
    assert fixed("stopped_services", phases(redis=Phase.STOPPED, mongodb=Phase.QUARANTINED)).started == ["redis"]


def test_the_fix_for_indexes_asks_the_backend() -> None:
    assert fixed("missing_indexes", told("indexes", missing=["a: b"])).indexes == 2


def test_a_container_of_the_compose_file_is_in_order_under_every_name() -> None:
    given = world(inspected={name: container(name) for name in WATCHED})
    for name, check in CHECKS.items():
        if check.group == "containers":
            assert look(name, given)[0] in {OK}, name
