"""The recovery test of every quarter: a new backup, restored and compared; failover where there is any; load; and a report."""

import concurrent.futures
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import httpx
from pymongo.errors import PyMongoError

from app.backup.configuration import Configuration
from app.backup.drill import drill
from app.backup.dump import make_backup
from app.backup.invariants import contradictions
from app.backup.progress import Progress
from app.backup.reports import Report, Step, keep_report
from app.backup.shelf import DATABASE
from app.core.clock import Clock
from app.core.errors import TradeError
from app.core.http import open_client
from app.core.i18n import _

LOAD_SECONDS, LOAD_CONNECTIONS = 20.0, 8
_PATH = "/api/v1/health/db"  # through the public door and the backend to the database and back, for everybody to ask
_MOST_ERRORS, _SLOWEST_MS = 0.001, 1000.0


@dataclass(frozen=True)
class Load:
    """What a load step met: answers, errors, and how long 50 and 99 of 100 took, in milliseconds."""

    answers: int
    errors: int
    p50: float
    p99: float


def quarterly(
    config: Configuration, progress: Progress, clock: Clock, who: str, load: Callable[[str], Load] | None = None
) -> Report:
    """Every step in turn, whatever became of the one before; the report, kept."""
    began = clock.now()
    steps = tuple(_steps(config, progress, clock, load or (lambda door: make_load(door, LOAD_SECONDS, LOAD_CONNECTIONS))))
    report = Report(f"{began:%Y%m%dT%H%M%SZ}", who, began, clock.now(), steps)
    keep_report(config.shelf, report)
    return report


def _steps(config: Configuration, progress: Progress, clock: Clock, load: Callable[[str], Load]) -> Iterator[Step]:
    made: list[str] = []

    def backup() -> str:
        made.append(make_backup(config.shelf, DATABASE, config.source, "quarterly", clock, progress))
        manifest = config.shelf.find(made[0]).manifest
        assert manifest
        return _(
            "{name}: {documents} documents, {size} MB",
            name=made[0],
            documents=manifest.documents,
            size=round(manifest.size / 1e6, 1),
        )

    def restore() -> str:
        backup = config.shelf.find(made[0] if made else "latest")
        proof = drill(backup, config.throwaway, contradictions, clock, progress, config.second_backend.read)
        return _(
            "{name} was restored into an empty database in {seconds} s and compared: {documents} documents in {collections} "
            "collections, every content hash, every index, the audit trail, the ledgers. {reading}",
            reading=proof["reading"],
            name=proof["backup"],
            seconds=round(proof["restore_seconds"]),
            documents=proof["documents"],
            collections=proof["collections"],
        )

    def under_load() -> str:
        progress.step("load")
        met = load(config.door)
        text = _(
            "{answers} requests through the door to the database in {seconds} s: {errors} errors, half within {p50} ms, "
            "99 of 100 within {p99} ms",
            answers=met.answers,
            seconds=round(LOAD_SECONDS),
            errors=met.errors,
            p50=round(met.p50, 1),
            p99=round(met.p99, 1),
        )
        if not met.answers or met.errors > met.answers * _MOST_ERRORS or met.p99 > _SLOWEST_MS:
            raise NotWell(text)
        return text

    yield _step("backup", clock, backup)
    yield _step("restore", clock, restore)
    yield _step("failover", clock, lambda: _failover(config, progress))
    yield _step("load", clock, under_load)


class NotWell(TradeError):
    """A step was carried out, and its outcome is not good enough; the message says what it was."""

    kind, title = "not-well", "The step did not go well"


class NeedsPerson(TradeError):
    """A step that no machine may do by itself; the message says what to type."""

    kind, title = "needs-person", "A person must do this step"


def _step(name: str, clock: Clock, work: Callable[[], str]) -> Step:
    began: datetime = clock.now()
    start = time.monotonic()
    outcome, text = "good", ""
    try:
        text = work()
    except NeedsPerson as error:
        outcome, text = "person", error.detail
    except TradeError as error:
        outcome, text = "bad", error.detail
    return Step(name, began, round(time.monotonic() - start, 1), outcome, text)


def _failover(config: Configuration, progress: Progress) -> str:
    """One server has nobody to hand over to; a cluster's step down asks for rights that a backup must not have."""
    progress.step("failover")
    try:
        with config.source.server.client() as client:
            name = client.admin.command("hello").get("setName")
    except PyMongoError as error:
        raise NotWell(_("The database does not answer: {reason}", reason=str(error).split(",")[0])) from error
    if not name:
        return _("Not clustered: one database server, so there is nothing to fail over to. Recovery is by restore, above.")
    raise NeedsPerson(
        _(
            "The replica set {name} is to be failed over by hand: docker compose exec mongodb mongosh --eval 'rs.stepDown()', "
            "then tradeai status until all is healthy; sign the task of the quarter in the calendar with what you saw.",
            name=name,
        )
    )


def make_load(door: str, seconds: float, connections: int) -> Load:
    """Ask as fast as answers come, over so many connections for so long."""
    until = time.monotonic() + seconds
    with concurrent.futures.ThreadPoolExecutor(connections) as people:
        found = list(people.map(lambda _person: _ask(door, until), range(connections)))
    times = sorted(taken for answers, _errors in found for taken in answers)
    return Load(len(times), sum(errors for _answers, errors in found), _share(times, 0.5), _share(times, 0.99))


def _ask(door: str, until: float) -> tuple[list[float], int]:
    times: list[float] = []
    errors = 0
    with open_client(door, timeout_seconds=10) as http:
        while not times or time.monotonic() < until:
            began = time.monotonic()
            try:
                answer = http.get(_PATH)
                errors += answer.status_code >= 400
            except httpx.HTTPError:
                errors += 1
            times.append((time.monotonic() - began) * 1000)
    return times, errors


def _share(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def facts(report: Report) -> dict[str, Any]:
    """What the record of the task keeps of it."""
    return {"report": report.id, "steps": [asdict(step) | {"began_at": step.began_at.isoformat()} for step in report.steps]}
