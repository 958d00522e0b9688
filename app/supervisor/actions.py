"""What `decide` asks for: the shell carries it out and reports back with an event."""

from dataclasses import dataclass

from app.supervisor.state import Words


@dataclass(frozen=True)
class Start:
    service: str


@dataclass(frozen=True)
class Restart:
    """Stop with `grace_seconds` before the kill, then start."""

    service: str
    grace_seconds: int


@dataclass(frozen=True)
class Stop:
    service: str
    grace_seconds: int


@dataclass(frozen=True)
class Note:
    """A line for the journal and the log."""

    service: str
    text: Words
    bad: bool = False


DockerAction = Start | Restart | Stop
Action = DockerAction | Note
