"""Rules are tested by JSON, with the password only."""

from pathlib import Path

from app.supervisor.alerts.rule_tests import RuleTests
from app.supervisor.pages.rule_tests import rule_test_room
from app.supervisor.pages.signing_in import OPERATOR, OperatorSession
from app.supervisor.pages.site import create_site
from tests.unit.supervisor.alerts.office import Office
from tests.unit.supervisor.pages.test_alerts import API, PASSWORD, StillKeeper


def test_rules_are_tested_and_the_last_tests_listed(tmp_path: Path) -> None:
    office = Office(tmp_path)
    room = rule_test_room(RuleTests(office.desk, office.store, office.clock, office.store.note))
    operator = OperatorSession(b"k" * 32, lambda: PASSWORD)
    site = create_site(StillKeeper(office), office.store, office.clock, operator, b"c" * 32, [room])  # type: ignore[arg-type]
    machine, auth = site.test_client(), (OPERATOR, PASSWORD)
    assert machine.post(f"{API}/rules/tests").status_code == 401
    assert machine.get(f"{API}/rules/tests", auth=auth).json == {"tests": []}
    done = machine.post(f"{API}/rules/host_cpu/test?wait=1", json={"who": "Ada"}, auth=auth)
    assert done.status_code == 201
    assert done.json is not None
    assert [(one["rule"], one["who"], one["good"]) for one in done.json["tests"]] == [("host_cpu", "Ada", False)]
    assert "no channel" in done.json["tests"][0]["text"]
    assert machine.get(f"{API}/rules/tests", auth=auth).json == done.json
    assert len((machine.post(f"{API}/rules/tests", json={}, auth=auth).json or {})["tests"]) > 40
    assert machine.post(f"{API}/rules/nothing/test", json={}, auth=auth).status_code == 404
    assert machine.post(f"{API}/rules/host_cpu/test?wait=999", json={}, auth=auth).status_code == 422
