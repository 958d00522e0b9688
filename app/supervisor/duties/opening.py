"""Opens the calendar: where its evidence comes from, and the task that keeps it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from app import __version__
from app.core.i18n import _
from app.core.logging import get_logger
from app.supervisor.clock import SteadyClock
from app.supervisor.configuration import Configuration
from app.supervisor.doctor.backend import Backend
from app.supervisor.doctor.finding import NoEvidence
from app.supervisor.doctor.practice import Doctor
from app.supervisor.doctor.records import Run
from app.supervisor.duties.catalogue import DUTIES
from app.supervisor.duties.errors import ErrorCount, count_errors
from app.supervisor.duties.looks import Series, View
from app.supervisor.duties.records import Records
from app.supervisor.duties.roster import Roster
from app.supervisor.engine import Engine, EngineError
from app.supervisor.loop import Loop
from app.supervisor.store import StateFile

_JOURNAL_LINES = 500

log = get_logger(__name__)


def open_calendar(
    config: Configuration,
    clock: SteadyClock,
    loop: Loop,
    engine: Engine,
    store: StateFile,
    stopping: threading.Event,
    doctor: Doctor,
    series: Series,
) -> Roster:
    """The calendar, kept in the background. `series` reads a figure's history."""
    records, backend = Records(store), Backend(config.backend_url, lambda: config.secret("redis_password").get_secret_value())

    def view(now: datetime, day: date) -> View:
        return View(
            now=now,
            state=loop.state,
            journal=lambda: store.journal(_JOURNAL_LINES),
            errors=lambda: _errors(config, now),
            series=series,
            examine=lambda: _examined(doctor),
            facts=doctor.records.facts,
            told=backend.tell,
            versions=lambda: _versions(doctor, engine, loop),
            last_proof=lambda name: records.last_proof(name, day),
        )

    roster = Roster(DUTIES, clock, _zone(config.timezone), records, view, loop.put, store.note)
    threading.Thread(target=roster.keep_going, args=(stopping,), daemon=True).start()
    return roster


def means(read: Callable[..., Mapping[tuple[str, str], Sequence[object]]]) -> Series:
    """The history's `read` as the looks want it: plain values of one figure."""

    def series(name: str, begin: datetime, end: datetime) -> list[float]:
        return [float(getattr(point, "mean", 0.0)) for point in read([(name, "")], begin, end).get((name, ""), [])]

    return series


def _errors(config: Configuration, now: datetime) -> ErrorCount:
    if config.log_dir is None:
        raise NoEvidence(_("There is no log folder."))
    return count_errors(config.log_dir, now)


def _examined(doctor: Doctor) -> Run:
    run, _results = doctor.examine_now(_("monthly security audit"))
    return run


def _versions(doctor: Doctor, engine: Engine, loop: Loop) -> dict[str, str]:
    """What runs: this software, Docker, the image of every service, and a fingerprint of compose file and settings."""
    found = {"TradeAI": __version__}
    facts = doctor.records.facts()
    try:
        found["Docker"] = str(engine.version().get("Version", "?"))
        for name in loop.state.services:
            container = engine.describe(name)
            if container is not None:
                found[name] = str(container["Image"]).removeprefix("sha256:")[:12]
    except EngineError as error:
        raise NoEvidence(str(error)) from error
    if facts is not None and "settings_hash" in facts.seen:
        found[_("settings")] = str(facts.seen["settings_hash"])
    return found


def _zone(name: str) -> ZoneInfo:
    """The appliance's time zone; UTC, and a line in the log, when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        log.error("there is no such time zone; the calendar goes by UTC", timezone=name)
        return ZoneInfo("UTC")
