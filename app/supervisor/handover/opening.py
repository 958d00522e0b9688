"""Opens the office of the handover reports: where its evidence comes from, where its key and its reports lie."""

from functools import partial

from app.core.errors import Unavailable
from app.core.i18n import _
from app.supervisor.alerts.desk import Desk
from app.supervisor.alerts.rule_tests import RuleTests
from app.supervisor.backups.clerk import Clerk
from app.supervisor.clock import SteadyClock
from app.supervisor.configuration import Configuration
from app.supervisor.doctor.opening import channels_told
from app.supervisor.doctor.practice import Doctor
from app.supervisor.duties.roster import Roster
from app.supervisor.engine import Engine
from app.supervisor.handover.alerting import Telling
from app.supervisor.handover.binder import FOLDER, Binder
from app.supervisor.handover.gather import Ports, gather
from app.supervisor.handover.office import Office
from app.supervisor.handover.press import Press
from app.supervisor.handover.problems import Open
from app.supervisor.history.recorder import Recorder
from app.supervisor.incidents.book import Book
from app.supervisor.loop import Loop
from app.supervisor.store import StateFile

_KEY = "handover"


def signing_seed(store: StateFile) -> bytes:
    """The secret of the appliance's signing key, made once. Raises Unavailable when it cannot be kept."""
    kept = "SELECT value FROM keys WHERE name = ?"
    if not store.read(kept, (_KEY,)):
        store.key(_KEY)
    rows = store.read(kept, (_KEY,))
    if not rows:
        raise Unavailable(_("The signing key cannot be stored: {reason}. See the page of the doctor.", reason=store.trouble))
    return bytes(rows[0][0])


def open_office(
    config: Configuration,
    clock: SteadyClock,
    loop: Loop,
    engine: Engine,
    store: StateFile,
    recorder: Recorder,
    book: Book,
    desk: Desk,
    tests: RuleTests,
    doctor: Doctor,
    roster: Roster,
) -> Office:
    """The office; nothing of it works before somebody asks for a report."""
    alerts = Telling(
        settings=lambda: desk.settings.current,
        tested=tests.last,
        fired=tests.fired,
        delivered=lambda name: channels_told(desk).channels.get(name),
    )
    open_ = Open(
        incidents=lambda: book.open,
        alerts=desk.live,
        title=desk.title,
        duties=roster.today,
        mistakes=lambda: desk.settings.mistakes,
    )
    ports = Ports(
        clock=clock,
        name=lambda: desk.settings.current.file.public_address or config.domain or config.project,
        state=lambda: loop.state,
        engine=engine,
        spans=recorder.phases.spans,
        doctor=doctor.records,
        backups=Clerk(config.backup_dir, clock),
        alerts=alerts,
        open=open_,
    )
    return Office(
        partial(gather, ports), Press(partial(signing_seed, store)), Binder(config.backup_dir / FOLDER), clock, store.note
    )
