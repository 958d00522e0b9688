"""What the machine makes of its evidence, duty by duty."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.supervisor.doctor.finding import NoEvidence
from app.supervisor.doctor.records import Run
from app.supervisor.doctor.world import HostFacts
from app.supervisor.duties.catalogue import BY_NAME, DUTIES
from app.supervisor.duties.duty import Every
from app.supervisor.duties.errors import ErrorCount, count_errors
from app.supervisor.duties.looks import View
from app.supervisor.state import Phase
from app.supervisor.store import Line
from tests.unit.supervisor.doctor.given import FACTS, NOW, host, measured, none_yet, phases, world
from tests.unit.supervisor.duties.given import view


def unreadable() -> ErrorCount:
    raise OSError("Permission denied")


NOT_WELL = [
    ("health", view(state=phases(redis=Phase.FAILED).state), "2 of 3 services are healthy"),
    ("error_log", view(errors=lambda: ErrorCount(40, [("ai: no model", 40)], 3)), "40 errors within a day in 3 files"),
    ("backup_done", view(state=measured(backup_age_h=None).state), "no backup yet"),
    ("backup_done", view(state=none_yet().state), "no backup yet"),
    ("backup_done", view(state=measured(backup_age_h=40).state), "40 hours"),
    ("disk", view(state=host(disk_free=10**9).state), "1.0 GB"),
    ("disk", view(state=measured(disk_full_in_h=24.0).state), "60.0 GB"),
    ("package_updates", view(facts=lambda: None), "not looked at"),
    ("package_updates", view(facts=lambda: HostFacts(NOW - timedelta(days=20), FACTS)), "not looked at"),
    ("package_updates", view(facts=lambda: HostFacts(NOW, {**FACTS, "security_updates": 4})), "4 security updates"),
    ("performance", view(series=lambda _name, _begin, _end: [900.0]), "900"),
    ("backup_proven", view(state=measured(proof_age_days=9).state), "9 days"),
    ("backup_proven", view(state=measured(drill_failed=1).state), "drill failed"),
    ("recovery_test", view(state=measured(proof_age_days=None).state), "No backup was proven"),
    ("security_audit", view(examine=lambda: Run(NOW, "", 1, 2, 0, 9)), "2 problems"),
    ("capacity", view(state=measured(disk_full_in_h=24.0 * 40).state), "40 days"),
    ("capacity", view(series=lambda _name, _begin, _end: [7.9e9]), "No end of the disk"),
    ("documentation", view(versions=dict), "Nothing is known"),
    ("recovery_quarterly", view(state=measured(recovery_test_age_days=None).state), "No recovery test was made yet"),
    ("recovery_quarterly", view(state=measured(recovery_test_age_days=90).state), "90 days old"),
    ("recovery_quarterly", view(state=measured(recovery_test_failed=1).state), "20 days old"),
]


@pytest.mark.parametrize("name", BY_NAME)
def test_a_well_kept_appliance_proves_every_duty(name: str) -> None:
    proof = BY_NAME[name].look(view())
    assert proof.good, proof
    assert proof.text


@pytest.mark.parametrize(("name", "given", "word"), NOT_WELL, ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_not_well_is_handed_to_a_person(name: str, given: View, word: str) -> None:
    proof = BY_NAME[name].look(given)
    assert not proof.good
    assert word in proof.text


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("error_log", {"errors": unreadable}),
        ("disk", {"state": replace(world().state, host=None)}),
        ("capacity", {"state": replace(world().state, host=None)}),
        ("performance", {"series": lambda _name, _begin, _end: []}),
        ("security_log", {"told": dict}),
        ("security_log", {"told": lambda: {"security": {"silent": "TimeoutError"}}}),
    ],
)
def test_without_evidence_nothing_is_claimed(name: str, changes: dict[str, Any]) -> None:
    with pytest.raises(NoEvidence):
        BY_NAME[name].look(view(**changes))


def test_the_manuals_tasks_are_all_there() -> None:
    kinds = {every: {duty.name for duty in DUTIES if duty.every is every} for every in Every}
    assert kinds == {
        Every.DAY: {"health", "error_log", "backup_done", "disk"},
        Every.WEEK: {"security_log", "package_updates", "performance", "backup_proven"},
        Every.MONTH: {"security_audit", "capacity", "documentation", "recovery_test"},
        Every.QUARTER: {"recovery_quarterly"},
    }
    assert [duty.name for duty in DUTIES if duty.person] == ["security_log", "recovery_quarterly"]


def test_yesterdays_failures_are_part_of_the_days_health() -> None:
    lines = [Line(NOW - timedelta(hours=2), "redis", "died", True), Line(NOW - timedelta(days=2), "redis", "died", True)]
    proof = BY_NAME["health"].look(view(journal=lambda: lines))
    assert proof.good
    assert "1 thing went wrong" in proof.text
    assert len(proof.details) == 1


def test_documentation_tells_a_change_from_none() -> None:
    look: Callable[[Any], Any] = BY_NAME["documentation"].look
    text = look(view()).text
    assert look(view(last_proof=lambda _name: text)).details == ("Unchanged since the last record",)
    assert look(view(last_proof=lambda _name: "TradeAI 0.9")).details == ("Before: TradeAI 0.9",)


def line(event: str, hours_ago: float = 1, **fields: str) -> str:
    moment = (NOW - timedelta(hours=hours_ago)).isoformat()
    return json.dumps({"service": "backend", "event": event, "timestamp": moment, **fields}) + "\n"


def test_errors_of_the_last_day_are_counted_by_message(tmp_path: Path) -> None:
    (tmp_path / "error.log").write_text(line("import failed") * 3 + line("old", hours_ago=30) + line("other"))
    (tmp_path / "worker-error.log").write_text(line("job broke", service="worker") + "Traceback (most recent call last)\n")
    (tmp_path / "app.log").write_text(line("no error"))
    found = count_errors(tmp_path, NOW, top=2)
    assert (found.count, found.files) == (6, 2)
    assert found.top[0] == ("backend: import failed", 3)
    assert len(found.top) == 2


def test_of_a_long_log_only_the_end_is_read(tmp_path: Path) -> None:
    (tmp_path / "error.log").write_text(line("x" * 100) * 20_000)
    assert 5_000 < count_errors(tmp_path, NOW).count < 20_000


def test_no_error_log_is_no_error_but_no_folder_is(tmp_path: Path) -> None:
    assert count_errors(tmp_path, NOW).count == 0
    with pytest.raises(OSError, match="no folder"):
        count_errors(tmp_path / "gone", NOW)
