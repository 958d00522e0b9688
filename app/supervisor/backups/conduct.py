"""Conducts a restore: maintenance, writers stopped, the backup's container at work, services started, and back when they fail."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from app.backup.orders import Order
from app.backup.records import Record
from app.core.errors import TradeError
from app.core.i18n import N_, _
from app.core.logging import get_logger
from app.supervisor.backups.clerk import Clerk
from app.supervisor.events import Ask
from app.supervisor.leases import Held, Keeper, hold
from app.supervisor.state import State

LEASE = "restore"
WRITERS = ("worker", "backend", "realtime", "ai")
STORES = ("mongodb", "redis")
_SERVICES = (*STORES, *WRITERS)
_LEASE_SECONDS = 120.0
_STOP_SECONDS, _START_SECONDS = 90.0, 240.0
_LOOK_SECONDS = 0.5
_TASK_SECONDS = 4 * 3600.0

Note = Callable[[str, bool], None]
log = get_logger(__name__)


class Conductor:
    """One restore at a time. `note` writes a line of the journal (text, bad)."""

    def __init__(self, clerk: Clerk, keeper: Keeper, note: Note) -> None:
        self._clerk, self._keeper, self._note = clerk, keeper, note
        self._turn = threading.Lock()
        self.step, self.outcome, self.ok = "", "", True
        self._begun_at = keeper.clock.now()
        self._owes = False  # a restore that we could not undo

    def begin(self, backup_id: str, who: str) -> None:
        """Restore in the background; `step` and `outcome` tell how it goes. Raises NotFound or RestoreBusy."""
        self._clerk.shelf.find(backup_id)
        self._start(lambda: self._restore(backup_id, who))

    def begin_undo(self, who: str) -> None:
        """Undo a restore that was interrupted."""
        self._start(lambda: self._undo(who))

    def recover(self) -> None:
        """After our own restart: a restore that nobody conducts any more is undone."""
        if self._clerk.unfinished() is not None:
            self.begin_undo("supervisor")

    def try_again(self) -> None:
        """What could not be undone, because a database was down and stayed so, is undone as soon as it can be."""
        if self._owes and not self.step and all(self._keeper.state.healthy(name) for name in STORES):
            self.recover()

    def _start(self, work: Callable[[], None]) -> None:
        if not self._turn.acquire(blocking=False):
            raise RestoreBusy(_("A restore is under way: {step}", step=_(self.step)))
        self.outcome, self.ok, self.step = "", True, N_("beginning")
        threading.Thread(target=self._guarded, args=(work,), daemon=True).start()

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except TradeError as error:
            self._finish(error.detail, ok=False)
        except Exception as error:
            log.exception("the restore broke")
            self._finish(_("The restore broke: {error}. See scripts/restore.sh --undo", error=type(error).__name__), ok=False)
        finally:
            self.step = ""
            self._turn.release()

    def _restore(self, backup_id: str, who: str) -> None:
        self._note(_("{who} restores the backup {name}", who=who, name=backup_id), False)
        self.step = N_("looking whether it can be restored; nothing is changed yet")
        self._task(self._clerk.order("restore", who, backup_id, "--check"))
        with self._maintenance(_("the backup {name} is restored", name=backup_id)) as held:
            self._stop(held)
            self.step = N_("saving what is there, restoring, comparing")
            try:
                self._task(self._clerk.order("restore", who, backup_id))
            except TaskFailed as error:
                self._go_back(held, who)
                raise RestoreStopped(error.detail) from error
            self._begin_services(held)
            if not self._services_work():
                self._stop(held)
                self._go_back(held, who)
                raise RestoreStopped(
                    _("The services do not work with the restored data, so it was undone: the data is what it was before.")
                )
            self._task(self._clerk.order("settle", who))
        self._finish(_("The backup {name} is restored, compared, and the services are healthy.", name=backup_id), ok=True)

    def _undo(self, who: str) -> None:
        with self._maintenance(_("an interrupted restore is undone")) as held:
            self._stop(held)
            self._go_back(held, who)
        self._finish(_("The interrupted restore was undone: the data is what it was before."), ok=True)

    def _go_back(self, held: Held, who: str) -> None:
        """Undo what the journal says is to be undone, and start the services whatever came of it."""
        self.step = N_("going back")
        try:
            if self._clerk.unfinished() is not None:
                self._owes = True
                self._begin_stores(held)
                self._task(self._clerk.order("undo", who))
            self._owes = False
        finally:
            self._begin_services(held)

    def _begin_stores(self, held: Held) -> None:
        """A database that died meanwhile is not healed by anybody else: the maintenance is ours."""
        for service in STORES:
            if not self._keeper.state.services[service].running and (reason := held.ask(service, Ask.START)):
                log.error("a database could not be started to undo a restore", about=service, reason=reason)
        self._keeper.wait_for_state(lambda state: all(state.healthy(name) for name in STORES), _START_SECONDS)

    @contextmanager
    def _maintenance(self, why: str) -> Iterator[Held]:
        with hold(self._keeper, LEASE, _SERVICES, _LEASE_SECONDS, why) as held:
            yield held

    def _stop(self, held: Held) -> None:
        self.step = N_("stopping what writes")
        for service in WRITERS:
            held.check()
            if self._keeper.state.services[service].running and (reason := held.ask(service, Ask.STOP)):
                self._begin_services(held)
                raise RestoreStopped(
                    _("{service} could not be stopped, so nothing was changed: {reason}", service=service, reason=reason)
                )
        if not self._keeper.wait_for_state(_all_stopped, _STOP_SECONDS):
            self._begin_services(held)
            raise RestoreStopped(_("The services did not stop, so nothing was changed."))

    def _begin_services(self, held: Held) -> None:
        self._begun_at = self._keeper.clock.now()
        for service in WRITERS:
            if not self._keeper.state.services[service].running and (reason := held.ask(service, Ask.START)):
                log.error("a service could not be started after a restore", about=service, reason=reason)

    def _services_work(self) -> bool:
        self.step = N_("waiting until the services are healthy")
        return self._keeper.wait_for_state(lambda state: _all_answered(state, self._begun_at), _START_SECONDS)

    def _task(self, order: Order) -> Record:
        """What came of an order. Raises TaskFailed with its own words."""
        deadline = time.monotonic() + _TASK_SECONDS
        while (record := self._clerk.record(order.id)) is None:
            if time.monotonic() > deadline:
                raise TaskFailed(_("The container of the backups does not answer: docker compose ps backup"))
            time.sleep(_LOOK_SECONDS)
        if not record.ok:
            raise TaskFailed(record.text)
        return record

    def _finish(self, text: str, ok: bool) -> None:
        self.outcome, self.ok = text, ok
        self._note(text, not ok)


class RestoreBusy(TradeError):
    status, kind, title = 409, "restore-busy", N_("A restore is under way")


class TaskFailed(TradeError):
    kind, title = "task-failed", N_("It could not be done")


class RestoreStopped(TradeError):
    kind, title = "restore-stopped", N_("The restore was not done")


def _all_answered(state: State, since: datetime) -> bool:
    """Whether every writer answered well to a question asked after it was started."""
    probes = [state.services[name].probe for name in WRITERS if state.of_use(name)]
    return len(probes) == len(WRITERS) and all(probe.ok_at is not None and probe.ok_at >= since for probe in probes)


def _all_stopped(state: State) -> bool:
    return not any(state.services[name].running or state.services[name].acting for name in WRITERS)
