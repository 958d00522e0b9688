"""Opens the room of the backups: clerk, conductor and their ties to the loop and the journal."""

from collections.abc import Iterator

from app.supervisor.backups.clerk import READ_SECONDS, Clerk
from app.supervisor.backups.conduct import Conductor
from app.supervisor.backups.room import backups_room
from app.supervisor.backups.trail import Trail
from app.supervisor.clock import SteadyClock
from app.supervisor.configuration import Configuration
from app.supervisor.events import Measured
from app.supervisor.loop import Loop
from app.supervisor.measures.source import Source
from app.supervisor.pages.room import Room
from app.supervisor.store import Line, StateFile

_ABOUT = "backup"  # what the journal's lines are filed under


def open_backups(config: Configuration, clock: SteadyClock, loop: Loop, store: StateFile) -> tuple[Room, Source]:
    """The room, and the source that keeps the schedule and gives the figures."""
    clerk = Clerk(config.backup_dir, clock)

    def note(text: str, bad: bool) -> None:
        store.note(Line(clock.now(), _ABOUT, text, bad))

    conductor = Conductor(clerk, loop, note)
    trail = Trail(config.backend_url, lambda: config.secret("redis_password").get_secret_value())
    recovering = iter((conductor.recover,))

    def read() -> Iterator[Measured]:
        # Once, and not before Docker answers: services are stopped and started for it.
        if loop.state.docker.answers and (recover := next(recovering, None)):
            recover()
        conductor.try_again()
        trail.deliver(clerk.shelf)
        return clerk.read()

    return backups_room(clerk, conductor, clock, note), Source("backups", READ_SECONDS, read)
