"""Each line of the checklist is ticked by its evidence, and by no other; what is missing is said."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.supervisor.handover.checklist import LINES, NotProven
from app.supervisor.handover.evidence import Evidence, Problem
from tests.unit.supervisor.handover.given import AUDIT, DAY, EVERYTHING, NOW, RULE, lines, running, uptime

SAVED, COPIED, PROVEN, LOAD = EVERYTHING.saved, EVERYTHING.copied, EVERYTHING.proven, EVERYTHING.load
assert SAVED
assert COPIED
assert PROVEN
assert LOAD

# What is changed, the one line that must then not be ticked, and what it must say.
BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("services", {"running": (running(state="degraded"),)}, "backend (degraded)"),
    ("services", {"running": (running("dockerproxy", state=""),)}, "no service was seen"),
    ("images", {"running": (running(digest=""),)}, "backend"),
    ("availability", {"uptime": ()}, "nothing was recorded"),
    ("availability", {"uptime": (), "silence": {"uptime": "the history is damaged"}}, "the history is damaged"),
    ("availability", {"uptime": (uptime("mongodb"), uptime("backend", seen=0.94))}, "94 % of the last 7 days were watched (b"),
    ("availability", {"uptime": (uptime("mongodb", down=3100),)}, "mongodb 99.48"),
    ("availability", {"uptime": (replace(uptime("mongodb"), share=None),)}, "mongodb"),
    ("audit", {"audit": replace(AUDIT, problems=1)}, "1 problems"),
    ("audit", {"audit": replace(AUDIT, at=NOW - 32 * DAY)}, "32 days old"),
    ("audit", {"audit": replace(AUDIT, at=NOW + DAY)}, "the clock is wrong"),
    ("audit", {"audit": replace(AUDIT, facts_at=None)}, "sudo tradeai doctor"),
    ("audit", {"audit": replace(AUDIT, facts_at=NOW - 32 * DAY)}, "sudo tradeai doctor"),
    ("trail", {"audit": replace(AUDIT, chain_whole=False, chain="The chain is broken at entry 7")}, "broken at entry 7"),
    ("backup", {"saved": None}, "there is no backup"),
    ("backup", {"saved": replace(SAVED, at=NOW - timedelta(hours=27))}, "27 h old"),
    ("elsewhere", {"copied": None}, "no backup was copied"),
    ("elsewhere", {"copied": replace(COPIED, at=NOW - 9 * DAY)}, "9 days old"),
    ("restore", {"proven": None}, "tradeai backup drill"),
    ("restore", {"proven": replace(PROVEN, ok=False, reason="hashes differ")}, "hashes differ"),
    ("restore", {"proven": replace(PROVEN, at=NOW - 9 * DAY)}, "9 days ago"),
    ("load", {"load": None}, "tradeai drill quarterly"),
    ("load", {"load": replace(LOAD, good=False)}, "4000 requests"),
    ("load", {"load": replace(LOAD, at=NOW - 101 * DAY)}, "101 days ago"),
    ("rules", {"rules": (RULE, replace(RULE, name="audit_broken", tested_at=None))}, "not tested within 90 days: audit_broken"),
    ("rules", {"rules": (replace(RULE, tested_at=NOW - 91 * DAY),)}, "not tested within 90 days: host_cpu"),
    ("rules", {"rules": (replace(RULE, good=False),)}, "failed their test: host_cpu"),
    ("rules", {"rules": (RULE, replace(RULE, name="api_slow", off=True))}, "switched off: api_slow"),
    ("rules", {"rules": ()}, "there is no rule"),
    ("channels", {"channels": ()}, "alerts reach nobody"),
    ("channels", {"channels": (replace(EVERYTHING.channels[0], delivered_at=None),)}, "mail"),
    ("channels", {"channels": (replace(EVERYTHING.channels[0], delivered_at=NOW - 9 * DAY),)}, "mail"),
    ("contacts", {"contacts": EVERYTHING.contacts[:2]}, "development"),
    ("contacts", {"contacts": (*EVERYTHING.contacts[1:], replace(EVERYTHING.contacts[0], mail=""))}, "operations"),
    ("problems", {"problems": (Problem("Alert", "P2", "mongodb is down"),)}, "mongodb is down"),
    ("problems", {"problems": (Problem("Calendar", "overdue", "Security log"),)}, "Security log"),
]  # fmt: skip


def test_with_all_evidence_every_line_is_ticked_and_says_why() -> None:
    found = lines()
    assert {name: line.proof for name, line in found.items() if not line.proven} == {}
    assert all(line.proof and line.title for line in found.values())


@pytest.mark.parametrize(
    ("name", "change", "said"), BROKEN, ids=[f"{name}-{number}" for number, (name, _c, _s) in enumerate(BROKEN)]
)
def test_a_line_without_its_evidence_is_not_ticked_and_no_other_suffers(name: str, change: dict[str, Any], said: str) -> None:
    found = lines(**change)
    assert [line.name for line in found.values() if not line.proven] == [name]
    assert found[name].proof.startswith("not proven: ")
    assert said in found[name].proof


def test_every_line_was_broken_once() -> None:
    assert {name for name, _change, _said in BROKEN} == set(LINES)


def test_an_appliance_that_knows_nothing_proves_nothing_but_that_nothing_is_open() -> None:
    found = [name for name, (_title, prove) in LINES.items() if _proves(prove)]
    assert found == ["problems"]


def _proves(prove: Any) -> bool:
    try:
        prove(Evidence(NOW))
    except NotProven:
        return False
    return True


def test_a_warning_is_listed_and_is_not_urgent() -> None:
    assert lines()["problems"].proof == "nothing urgent is open, 1 warnings"


def test_a_clock_a_little_behind_is_no_reason() -> None:
    assert lines(saved=replace(SAVED, at=NOW + timedelta(minutes=4)))["backup"].proven
    assert not lines(saved=replace(SAVED, at=NOW + timedelta(minutes=6)))["backup"].proven
