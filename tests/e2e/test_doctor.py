"""`tradeai doctor` and `tradeai maintenance` on the deployed appliance: evidence from Docker, the backend and the host itself."""

import json

import httpx
import pytest

from tests.appliance import Appliance

EXIT = {"ok": 0, "warning": 1, "problem": 2}


@pytest.fixture(scope="module")
def examined(appliance: Appliance) -> dict[str, dict[str, str]]:
    """Every check by its name, from one examination with fresh facts about the host."""
    done = appliance.tradeai("doctor", "--json", check=False)
    document = json.loads(done.stdout)
    assert done.returncode == EXIT[document["status"]], done.stderr
    return {check["name"]: check for check in document["checks"]}


def test_every_check_has_evidence_and_what_is_wrong_a_remedy(examined: dict[str, dict[str, str]]) -> None:
    assert len(examined) >= 28
    for name, check in examined.items():
        assert check["evidence"], name
        assert bool(check["remedy"]) is (check["verdict"] in {"warning", "problem"}), name


def test_the_compose_files_containers_pass_every_check(examined: dict[str, dict[str, str]]) -> None:
    containers = {name: check for name, check in examined.items() if check["group"] == "containers"}
    assert {name: check["evidence"] for name, check in containers.items() if check["verdict"] != "ok"} == {}


def test_the_backend_told_about_its_data_and_the_host_about_itself(examined: dict[str, dict[str, str]]) -> None:
    for name in ("backend_answers", "audit_chain", "missing_indexes", "migrations", "redis_memory", "host_facts", "secret_modes"):
        assert examined[name]["verdict"] == "ok", examined[name]
    for name in ("administrators", "firewall", "pending_updates", "certificate_end"):
        assert examined[name]["verdict"] != "unknown", examined[name]


def test_an_unknown_fix_is_refused_and_counts_as_a_problem(appliance: Appliance) -> None:
    done = appliance.tradeai("doctor", "--last", "--fix", "everything", check=False)
    assert done.returncode == 2
    assert "no check named" in done.stderr


def test_the_backends_internal_address_is_shut_to_whoever_lacks_the_word(appliance: Appliance) -> None:
    assert httpx.get(appliance.local("BACKEND_PORT") + "/internal/doctor", timeout=10).status_code == 404
    assert httpx.get(appliance.url + "/internal/doctor", timeout=10, follow_redirects=False).status_code in {308, 404}


def test_a_task_of_the_calendar_is_looked_at_by_command(appliance: Appliance) -> None:
    listed = json.loads(appliance.tradeai("maintenance", "list", "--json", check=False).stdout)
    assert len(listed["duties"]) == 13
    looked = json.loads(appliance.tradeai("maintenance", "run", "health", "--json").stdout)
    assert "services are healthy" in looked["proof"]
