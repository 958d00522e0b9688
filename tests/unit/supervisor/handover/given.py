"""Evidence by which every line of the checklist is proven, and words to change one thing of it."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.supervisor.handover.checklist import Line, checklist
from app.supervisor.handover.evidence import (
    WEEK,
    Audit,
    Contact,
    Copied,
    Deadline,
    Evidence,
    Finding,
    LoadTest,
    Problem,
    Proven,
    Route,
    RuleLine,
    Running,
    Saved,
    Uptime,
)
from app.supervisor.handover.press import Press
from app.supervisor.handover.press_process import WORK

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DIGEST = "sha256:" + "ab" * 32
DAY = timedelta(days=1)


def running(name: str = "backend", **changes: Any) -> Running:
    """A container as it should be."""
    given: dict[str, Any] = {
        "name": name, "state": "healthy", "since": NOW - DAY, "stage": "api", "needs": ("mongodb", "redis"),
        "image": "tradeai/app:1.0", "digest": DIGEST, "memory": 256_000_000, "networks": ("tradeai_data",),
    }  # fmt: skip
    return Running(**{**given, **changes})


def uptime(service: str, down: float = 0, seen: float = 1.0) -> Uptime:
    """A week of which `seen` was watched and `down` seconds were lost."""
    up = WEEK.total_seconds() * seen - down
    return Uptime(service, up, down, 0.0, up / (up + down) if up + down else None)


AUDIT = Audit(
    at=NOW - timedelta(hours=3), why="daily", problems=0, warnings=2, unknown=1, fine=50, facts_at=NOW - DAY,
    chain="The newest 120 entries are as they were written", chain_whole=True,
    findings=(Finding("warning", "Age of the images", "The oldest was built 70 days ago", "Build them anew"),),
)  # fmt: skip
RULE = RuleLine("host_cpu", "The processors are busy", "P2", "host_cpu > 0.8", False, NOW - DAY, "Ada", True, True, "Fires")
EVERYTHING = Evidence(
    now=NOW,
    name="https://trade.example",
    versions={"TradeAI": "1.0", "Docker": "26.1.5"},
    running=(running("mongodb", needs=()), running("backend"), running("dockerproxy", state="", stage="", needs=())),
    uptime=(uptime("mongodb"), uptime("backend", down=60)),
    audit=AUDIT,
    saved=Saved("20260302T020000Z-ab12", NOW - timedelta(hours=6), 12.5, 3_200_000, 1234, "7.0.1"),
    copied=Copied("20260302T020000Z-ab12", NOW - timedelta(hours=5), "sftp:backups"),
    proven=Proven("20260301T020000Z-cd34", NOW - DAY, True, "", 48.4, 21.3, 1234, 17),
    load=LoadTest("20260115T020000Z", NOW - 40 * DAY, True, "4000 requests in 20 s: 0 errors, 99 of 100 within 80 ms"),
    rules=(RULE, replace(RULE, name="service_down", told=False, fired_at=NOW - 3 * DAY)),
    contacts=(
        Contact("operations", "Ada Świętek", "ada@example.com"),
        Contact("technical", "Bob", "", "+27 1"),
        Contact("development", "Çağla", "c@example.com"),
    ),
    channels=(Route("mail", "mail", "operations", ("P1", "P2"), NOW - DAY),),
    deadlines=(Deadline("P1", timedelta(minutes=15), timedelta(hours=4), ("mail",)),),
    problems=(Problem("Doctor", "warning", "Age of the images"),),
)


class PressHere(Press):
    """A press without a process of its own; `test_press.py` starts the real one."""

    def _run(self, work: str, **order: Any) -> bytes:
        return WORK[work](json.loads(json.dumps({"seed": self._seed().hex(), **order})))


def lines(**changes: Any) -> dict[str, Line]:
    """The checklist by name, of evidence with other values."""
    return {line.name: line for line in checklist(replace(EVERYTHING, **changes))}
