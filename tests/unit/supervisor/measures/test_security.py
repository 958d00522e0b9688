"""Security events are counted within ten minutes, once each however they come, and over restarts of the supervisor."""

import json
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.core.clock import FixedClock
from app.supervisor.measures.line_file import LineFile
from app.supervisor.measures.security import SecurityEvents
from app.supervisor.redis_wire import RedisSays
from app.supervisor.store import StateFile
from tests.unit.supervisor.world import BEGIN


class Stream:
    """A Redis stream, or a Redis that is down."""

    def __init__(self) -> None:
        self.entries, self.down, self.error = list[tuple[int, str]](), False, ""

    def ask_one(self, *command: Any) -> Any:
        if self.down:
            raise ConnectionRefusedError("refused")
        if self.error:
            raise RedisSays(self.error)
        assert command[0] == "XREAD"
        after, most = int(command[-1].split("-")[0]), command[2]
        found = [[f"{number}-0", ["event", line]] for number, line in self.entries if number > after][:most]
        return [["security", found]] if found else None


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.stream, self.ids = folder, FixedClock(BEGIN), Stream(), count(1)
        self.begin()

    def begin(self) -> None:
        """The supervisor comes up (again)."""
        store = StateFile(self.folder / "state", "boot")
        file = LineFile(self.folder / "security.log")
        self.events = SecurityEvents(self.stream, file, store, self.clock)  # type: ignore[arg-type]

    def line(self, kind: str, **facts: Any) -> str:
        at = self.clock.now().isoformat()
        return json.dumps({"id": f"e{next(self.ids)}", "kind": kind, "at": at, "subject": "user:1", **facts})

    def by_stream(self, *lines: str) -> None:
        self.stream.entries += [(len(self.stream.entries) + number, line) for number, line in enumerate(lines, 1)]

    def by_file(self, *lines: str) -> None:
        with (self.folder / "security.log").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def read(self) -> dict[str, float]:
        return {measured.name: measured.value for measured in self.events.read()}

    def detail(self, name: str) -> str:
        return next(measured.detail for measured in self.events.read() if measured.name == name)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_all_is_quiet(bench: Bench) -> None:
    assert set(bench.read().values()) == {0}


def test_each_kind_counts_under_its_name(bench: Bench) -> None:
    kinds = ["sign_in.failed", "sign_in.refused", "sign_in.locked", "access.refused", "privilege.attempt", "refresh.reused"]
    bench.by_stream(*map(bench.line, kinds), bench.line("privilege.changed"), bench.line("something new"))
    assert bench.read() == {
        "failed_sign_ins_10m": 2,
        "lock_outs_10m": 1,
        "unauthorised_10m": 2,
        "privilege_attempts_10m": 2,
        "privilege_changes_10m": 1,
        "audit_chain_broken": 0,
    }


def test_after_ten_minutes_they_are_forgotten(bench: Bench) -> None:
    bench.by_stream(bench.line("sign_in.failed"))
    assert bench.read()["failed_sign_ins_10m"] == 1
    bench.clock.advance(599)
    assert bench.read()["failed_sign_ins_10m"] == 1
    bench.clock.advance(2)
    assert bench.read()["failed_sign_ins_10m"] == 0


def test_while_redis_is_down_the_file_speaks(bench: Bench) -> None:
    bench.stream.down = True
    bench.by_file(*[bench.line("sign_in.failed") for _each in range(6)])
    assert bench.read()["failed_sign_ins_10m"] == 6
    bench.stream.down = False
    bench.by_stream(bench.line("sign_in.failed"))
    assert bench.read()["failed_sign_ins_10m"] == 7


def test_what_came_both_ways_counts_once(bench: Bench) -> None:
    lines = [bench.line("sign_in.failed") for _each in range(3)]
    bench.by_file(*lines)
    bench.read()
    bench.by_stream(*lines)
    assert bench.read()["failed_sign_ins_10m"] == 3


def test_a_restart_of_the_supervisor_loses_none_and_counts_none_twice(bench: Bench) -> None:
    both = bench.line("sign_in.failed")
    bench.by_stream(bench.line("sign_in.failed"), both)
    bench.by_file(bench.line("sign_in.failed"))
    bench.read()
    bench.by_stream(bench.line("sign_in.failed"))
    bench.begin()
    bench.by_file(both)
    assert bench.read()["failed_sign_ins_10m"] == 4
    bench.begin()
    assert bench.read()["failed_sign_ins_10m"] == 4


def test_a_long_backlog_is_read_to_its_end(bench: Bench) -> None:
    bench.by_stream(*[bench.line("access.refused") for _each in range(1234)])
    assert bench.read()["unauthorised_10m"] == 1234


def test_old_events_met_late_do_not_count(bench: Bench) -> None:
    bench.by_file(bench.line("sign_in.failed"))
    bench.clock.advance(3600)
    assert bench.read()["failed_sign_ins_10m"] == 0


def test_an_event_from_a_clock_ahead_counts_from_now(bench: Bench) -> None:
    bench.by_stream(bench.line("sign_in.failed", at=(bench.clock.now() + timedelta(days=2)).isoformat()))
    assert bench.read()["failed_sign_ins_10m"] == 1
    bench.clock.advance(601)
    assert bench.read()["failed_sign_ins_10m"] == 0


@pytest.mark.parametrize("line", ["", "nonsense", "[]", "7", "{}", '{"id": 1}', '{"id":"a","kind":"b","at":"never"}'])
def test_what_is_no_event_is_left_out(bench: Bench, line: str) -> None:
    bench.by_stream(line, bench.line("sign_in.failed"))
    bench.by_file(line, bench.line("sign_in.failed"))
    assert bench.read()["failed_sign_ins_10m"] == 2


def test_the_evidence_names_where_from(bench: Bench) -> None:
    bench.by_stream(*[bench.line("sign_in.failed", address=f"198.51.100.{number}") for number in range(7)])
    detail = bench.detail("failed_sign_ins_10m")
    assert detail.startswith("7 failed sign-ins in 10 minutes, from 198.51.100.0, ")
    assert detail.endswith("and 2 more")


def test_a_stream_that_is_none_does_not_keep_the_file_from_being_read(bench: Bench) -> None:
    bench.stream.error = "WRONGTYPE Operation against a key holding the wrong kind of value"
    bench.by_file(bench.line("sign_in.failed"))
    assert bench.read()["failed_sign_ins_10m"] == 1


def _verified(bench: Bench, ok: bool, whole: bool) -> float:
    bench.by_stream(bench.line("audit.verified", ok=ok, whole=whole, reason="" if ok else "entry 7 was changed"))
    return bench.read()["audit_chain_broken"]


def test_a_broken_chain_shows_with_its_reason_until_a_check_as_thorough_says_otherwise(bench: Bench) -> None:
    assert _verified(bench, ok=True, whole=True) == 0
    assert _verified(bench, ok=False, whole=True) == 1
    assert "entry 7 was changed" in bench.detail("audit_chain_broken")
    assert _verified(bench, ok=True, whole=False) == 1
    bench.clock.advance(3 * 3600)
    bench.begin()
    assert bench.read()["audit_chain_broken"] == 1
    assert _verified(bench, ok=True, whole=True) == 0


def test_a_break_that_a_quick_check_found_is_taken_back_by_one(bench: Bench) -> None:
    assert _verified(bench, ok=False, whole=False) == 1
    assert _verified(bench, ok=True, whole=False) == 0
