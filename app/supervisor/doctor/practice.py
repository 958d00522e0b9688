"""The doctor at work: examines once a day and when asked, remembers, notes what changed, and carries out fixes."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.clock import Clock
from app.core.errors import Conflict, NotFound, TradeError
from app.core.i18n import _, ngettext
from app.core.logging import get_logger
from app.supervisor.doctor.backend import BackendSilent
from app.supervisor.doctor.catalogue import Check
from app.supervisor.doctor.examine import Result, examine
from app.supervisor.doctor.finding import Verdict
from app.supervisor.doctor.records import Records, Run
from app.supervisor.doctor.world import HostFacts, World
from app.supervisor.events import Event, Measured
from app.supervisor.store import Line

EVERY = timedelta(hours=24)
_FIRST_AFTER = 180.0  # seconds: services and figures need a while after a start
_LOOK_SECONDS = 60.0
_TELL_AGAIN = timedelta(minutes=5)  # figures that nobody renews go stale
_URGENT = {Verdict.PROBLEM, Verdict.WARNING}

log = get_logger(__name__)


class Busy(Conflict):
    """An examination is under way; its results come within a minute."""

    kind, title = "doctor-busy", "The doctor is at work"


class FixFailed(TradeError):
    """The fix could not be carried out; nothing half done."""

    status, kind, title = 502, "fix-failed", "This could not be corrected"


@dataclass(frozen=True)
class Progress:
    """How far the examination is that is under way: `done` of `total`, and what is looked at now."""

    done: int
    total: int
    doing: str


class Doctor:
    """One at a time: `examine_now` raises Busy while another examination runs."""

    def __init__(
        self,
        clock: Clock,
        records: Records,
        checks: Callable[[], Sequence[Check]],
        gather: Callable[[HostFacts | None], World],
        put: Callable[[Event], None],
        note: Callable[[Line], None],
    ) -> None:
        self._clock, self.records, self._checks, self._gather, self._put, self._note = clock, records, checks, gather, put, note
        self._at_work = threading.Lock()
        self.progress: Progress | None = None

    def keep_going(self, stopping: threading.Event) -> None:
        """Examine whenever it is due, and keep the figure fresh, until `stopping`."""
        stopping.wait(_FIRST_AFTER)
        told_at: datetime | None = None
        while not stopping.is_set():
            now = self._clock.now()
            try:
                if self.due(now):
                    self.examine_now("daily")
                    told_at = now
                elif told_at is None or now - told_at >= _TELL_AGAIN:
                    self._tell(self.records.results())
                    told_at = now
            except Busy:
                pass
            except Exception:
                log.exception("the daily examination broke")
            stopping.wait(_LOOK_SECONDS)

    def due(self, now: datetime) -> bool:
        """Whether the last examination is a day old, or lies in a future that a wrong clock made."""
        runs = self.records.runs(1)
        return not runs or not timedelta() <= now - runs[0].at < EVERY

    def examine_now(self, why: str) -> tuple[Run, list[Result]]:
        """Look at everything. Raises Busy."""
        if not self._at_work.acquire(blocking=False):
            raise Busy(_("An examination is under way. Look again in a minute."))
        try:
            return self._examine(why)
        finally:
            self.progress = None
            self._at_work.release()

    def examine_in_background(self, why: str) -> None:
        """The same without waiting. Raises Busy."""
        if self.progress is not None or self._at_work.locked():
            raise Busy(_("An examination is under way. Look again in a minute."))
        self.progress = Progress(0, len(self._checks()), "")
        threading.Thread(target=self._quietly, args=(why,), daemon=True).start()

    def fix(self, name: str, who: str) -> str:
        """Carry out the safe fix of one check, then look again; says what was done. Raises NotFound, FixFailed, Busy."""
        check = self._fixable(name)
        world = self._gather(self.records.facts())
        repair = check.repair
        if repair is None:
            raise NotFound(_("There is no safe fix for {check}; do what its line says.", check=name))
        try:
            done = repair(world)
        except (BackendSilent, OSError) as error:
            raise FixFailed(_("{title}: {reason}. Nothing was changed.", title=_(check.title), reason=str(error))) from error
        text = _("{who} had the doctor correct “{title}”: {done}", who=who, title=_(check.title), done=done)
        log.info(text)
        self._note(Line(self._clock.now(), "supervisor", text, False))
        self.examine_now(who)
        return done

    def receive_facts(self, facts: HostFacts) -> None:
        """Remember what the host sent. Raises TradeError when it cannot be stored."""
        if not self.records.keep_facts(facts):
            raise FixFailed(_("The facts could not be stored: the supervisor's state file cannot be written."))

    def _fixable(self, name: str) -> Check:
        check = next((check for check in self._checks() if check.name == name), None)
        if check is None:
            raise NotFound(_("There is no check named {check}. tradeai doctor lists them.", check=repr(name[:60])))
        return check

    def _quietly(self, why: str) -> None:
        try:
            self.examine_now(why)
        except Busy:
            pass
        except Exception:
            log.exception("an examination broke")

    def _examine(self, why: str) -> tuple[Run, list[Result]]:
        checks = self._checks()
        self.progress = Progress(0, len(checks), _("gathering the evidence"))
        began, at = time.monotonic(), self._clock.now()
        world = self._gather(self.records.facts())

        def heard(done: int, name: str) -> None:
            self.progress = Progress(done, len(checks), name)

        results = examine(world, checks, heard)
        before = {result.check: result for result in self.records.results()}
        run = self.records.keep(at, why, round(time.monotonic() - began, 2), results)
        for line in changes(before, results, at):
            self._note(line)
        self._tell(results)
        log.info("examination done", why=why, problems=run.problems, warnings=run.warnings, seconds=run.seconds)
        return run, results

    def _tell(self, results: Sequence[Result]) -> None:
        problems = [result for result in results if result.verdict is Verdict.PROBLEM]
        self._put(Measured("doctor_problems", len(problems), "", "; ".join(f"{one.title}: {one.evidence}" for one in problems)))
        self._put(Measured("doctor_warnings", sum(result.verdict is Verdict.WARNING for result in results)))
        for one in results:
            if one.verdict is not Verdict.UNKNOWN:  # what cannot be judged begins no alert and ends none
                found = one.verdict is Verdict.PROBLEM
                self._put(Measured("doctor_problem", float(found), one.check, f"{one.title}: {one.evidence}" if found else ""))


def changes(before: dict[str, Result], results: Sequence[Result], at: datetime) -> list[Line]:
    """Journal lines for what became a problem or warning and what no longer is one; none for a first examination."""
    lines = []
    for result in results:
        earlier = before.get(result.check)
        if earlier is None or earlier.verdict is result.verdict:
            continue
        if result.verdict in _URGENT:
            lines.append(Line(at, "doctor", f"{result.title}: {result.evidence}", result.verdict is Verdict.PROBLEM))
        elif earlier.verdict in _URGENT and result.verdict is Verdict.OK:
            lines.append(
                Line(
                    at, "doctor", _("{title} is in order again: {evidence}", title=result.title, evidence=result.evidence), False
                )
            )
    return lines


def counted(run: Run) -> str:
    """One line for people: "2 problems, 3 warnings"."""
    problems = ngettext("{count} problem", "{count} problems", run.problems)
    return f"{problems}, " + ngettext("{count} warning", "{count} warnings", run.warnings)
