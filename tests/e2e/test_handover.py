"""On the deployed appliance: the handover report says what runs, ticks nothing without evidence, and shows a change to it."""

import json
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.appliance import Appliance, wait_until

LINES = {
    "services", "images", "availability", "audit", "trail", "backup", "elsewhere", "restore", "load", "rules", "channels",
    "contacts", "problems",
}  # fmt: skip
SERVICES = ("mongodb", "redis", "backend", "realtime", "worker", "ai", "nginx", "dockerproxy", "supervisor")


@pytest.fixture(scope="module")
def report(appliance: Appliance) -> dict[str, Any]:
    """A report that was made just now by command."""
    appliance.wait_healthy()
    return dict(json.loads(appliance.tradeai("handover", "--who", "Ada Example", "--json").stdout))


@pytest.fixture(scope="module")
def file(appliance: Appliance, report: dict[str, Any]) -> Path:
    """Where it lies on the machine."""
    return appliance.root / appliance.env["BACKUP_DIR"] / "handover" / str(report["file"])


def _content(file: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _line(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(line for line in report["checklist"] if line["name"] == name)


def _answering(appliance: Appliance) -> bool:
    try:
        return httpx.get(appliance.local("SUPERVISOR_PORT") + "/livez", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def test_every_line_has_its_evidence_or_says_what_is_missing(report: dict[str, Any]) -> None:
    assert {line["name"] for line in report["checklist"]} == LINES
    for line in report["checklist"]:
        assert line["proof"], line
        assert line["proof"].startswith("not proven: ") is not line["proven"], line


def test_what_the_appliance_shows_at_this_moment_is_ticked(report: dict[str, Any]) -> None:
    for name in ("services", "images"):
        assert _line(report, name)["proven"], _line(report, name)


def test_a_new_appliance_was_not_watched_for_a_week_and_does_not_claim_it(report: dict[str, Any]) -> None:
    assert not _line(report, "availability")["proven"], _line(report, "availability")
    assert "of the last 7 days were watched" in _line(report, "availability")["proof"]


def test_alerts_that_reach_nobody_are_not_called_tested(appliance: Appliance) -> None:
    settings = json.loads(appliance.tradeai("alerts", "check-settings", "--json", check=False).stdout)
    tested = appliance.tradeai("alerts", "test-rule", "--all", "--json", check=False)
    tests = json.loads(tested.stdout)["tests"]
    assert len(tests) > 40
    assert tested.returncode == (0 if all(test["good"] for test in tests) else 1)
    made = json.loads(appliance.tradeai("handover", "--json").stdout)
    assert _line(made, "rules")["proven"] is bool(settings["channels"] and not settings["rules_off"]), _line(made, "rules")
    if not settings["channels"]:
        assert "alerts reach nobody" in _line(made, "channels")["proof"]
        assert "failed their test" in _line(made, "rules")["proof"]


def test_it_lies_on_the_machine_for_its_owner_only(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    assert set(_content(file)) == {
        "handover.html", "handover.pdf", "evidence.json", "README.txt", "seal.json", "seal.sig", "key.pem",
    }  # fmt: skip
    assert _content(file)["handover.pdf"].startswith(b"%PDF-")


def test_it_names_the_images_that_docker_runs(appliance: Appliance, file: Path) -> None:
    text = _content(file)["handover.html"].decode()
    for service in SERVICES:
        digest = appliance.run("docker", "inspect", "--format", "{{.Image}}", f"{appliance.project}-{service}-1").stdout.strip()
        assert digest in text, service


def test_no_secret_of_the_appliance_stands_in_it(appliance: Appliance, file: Path) -> None:
    content = b"".join(_content(file).values())
    secrets = [
        value for name, value in appliance.env.items() if name.endswith(("PASSWORD", "_KEY", "_KEYS")) and len(value) >= 12
    ]
    assert secrets
    assert not any(secret.encode() in content for secret in secrets)


def test_the_seal_holds_by_name_by_file_and_by_openssl(
    appliance: Appliance, report: dict[str, Any], file: Path, tmp_path: Path
) -> None:
    assert "as this appliance sealed it" in appliance.tradeai("handover", "verify", report["id"]).stdout
    assert "as this appliance sealed it" in appliance.tradeai("handover", "verify", str(file)).stdout
    for name, value in _content(file).items():
        (tmp_path / name).write_bytes(value)
    check = f"cd {tmp_path} && openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in seal.json -sigfile seal.sig"
    assert appliance.run("sh", "-c", check).returncode == 0


def test_a_report_that_was_changed_is_found_out(appliance: Appliance, file: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.zip"
    with zipfile.ZipFile(changed, "w") as archive:
        for name, value in _content(file).items():
            archive.writestr(name, value.replace(b"not proven", b"is  proven"))
    done = appliance.tradeai("handover", "verify", str(changed), check=False)
    assert done.returncode == 1
    assert "changed after it was sealed" in done.stdout


def test_it_is_listed_and_everything_of_it_is_shut_to_strangers(appliance: Appliance, report: dict[str, Any]) -> None:
    listed = json.loads(appliance.tradeai("handover", "list", "--json").stdout)["reports"]
    assert report["id"] in [one["id"] for one in listed]
    address = appliance.local("SUPERVISOR_PORT")
    assert httpx.get(f"{address}/api/v1/handover", timeout=10).status_code == 401
    assert httpx.get(f"{address}/handover/{report['id']}/file", timeout=10, follow_redirects=False).status_code == 303


def test_the_keeper_stays_small_after_making_one(appliance: Appliance, report: dict[str, Any]) -> None:
    look = "grep -h VmRSS /proc/[0-9]*/status | sort -k2 -n | tail -1"
    resident = int(appliance.compose("exec", "-T", "supervisor", "sh", "-c", look).stdout.split()[1])
    assert resident < 100_000, f"{resident} kB"


def test_the_key_outlives_the_supervisor_and_nobody_else_may_read_it(
    appliance: Appliance, report: dict[str, Any], file: Path
) -> None:
    state = "/var/lib/tradeai/supervisor/supervisor.sqlite3"
    assert appliance.compose("exec", "-T", "supervisor", "stat", "-c", "%a", state).stdout.strip() == "600"
    appliance.compose("restart", "supervisor")
    wait_until(lambda: _answering(appliance), 60, "the supervisor does not come back")
    assert "as this appliance sealed it" in appliance.tradeai("handover", "verify", str(file)).stdout
    assert json.loads(appliance.tradeai("handover", "show", report["id"], "--json").stdout)["key"] == report["key"]
    appliance.wait_healthy(180)
