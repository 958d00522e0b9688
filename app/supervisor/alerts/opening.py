"""Opens the desk on the supervisor's state file, and sets going what works beside the loop."""

import threading
from collections.abc import Callable
from pathlib import Path

from app.core.clock import Clock
from app.core.logging import get_logger
from app.supervisor.alerts.desk import Desk
from app.supervisor.alerts.settings import SettingsFile, settings_path
from app.supervisor.alerts.store import AlertStore
from app.supervisor.store import StateFile

SETTINGS_SECONDS = 10.0
_PRUNE_EVERY = 360  # looks at the settings: an hour

log = get_logger(__name__)


def open_desk(state_dir: Path, store: StateFile, clock: Clock, path: Path | None = None) -> Desk:
    """The desk, which knows what was known before. `path` is that of the settings, by default where the environment says."""
    desk = Desk(AlertStore(store), SettingsFile(path or settings_path(), state_dir), clock, store.note)
    for mistake in desk.settings.mistakes:
        log.error("a mistake in the alert settings", file=str(desk.settings.path), mistake=str(mistake))
    if not desk.channels:
        log.warning("no alert channels are configured: alerts show on the pages only", file=str(desk.settings.path))
    return desk


def keep_going(desk: Desk, stopping: threading.Event, alive: Callable[[], bool]) -> None:
    """Send messages, beat, and follow the settings, in the background, until `stopping`."""
    desk.watch(alive)
    for task in (desk.outbox.run, desk.heartbeat.run, lambda ending: _housekeeping(desk, ending)):
        threading.Thread(target=task, args=(stopping,), daemon=True).start()


def _housekeeping(desk: Desk, stopping: threading.Event) -> None:
    looks = 0
    while not stopping.wait(SETTINGS_SECONDS):
        try:
            desk.follow_settings()
            if looks % _PRUNE_EVERY == 0:
                desk.prune()
            looks += 1
        except Exception:
            log.exception("the housekeeping of the alerts stumbled and goes on")
