"""A small world for the supervisor's decisions: containers that start, crash, hang and blame each other, in simulated time."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from app.supervisor.actions import Action, DockerAction, Note, Restart, Start, Stop
from app.supervisor.decide import decide
from app.supervisor.events import (
    ActionDone,
    Ask,
    Asked,
    Died,
    DockerAnswers,
    DockerSilent,
    Event,
    LeaseExtended,
    LeaseReleased,
    LeaseTaken,
    OutOfMemory,
    Probed,
    Seen,
    Signalled,
    Started,
    Stopped,
    Tick,
    Used,
)
from app.supervisor.services import Kept, by_name
from app.supervisor.state import Container, Lease, Outcome, Phase, ServiceState, State, Usage

KEPT: dict[str, Kept] = by_name()
BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
READING = 15  # seconds between two readings of what a container takes
LONG_AGO = BEGIN - timedelta(days=30)


@dataclass
class Body:
    """One container and how it behaves."""

    id: str
    status: str = "exited"
    exit_code: int | None = 0
    started: datetime = BEGIN - timedelta(days=1)
    boots_in: float = 2.0  # seconds until it answers
    dies_after: float | None = None  # seconds after each start
    hangs: bool = False  # the process lives and answers nobody
    works: bool = True  # until it answers, it takes processor time
    loads: bool = False  # until it answers well, it says that it recovers
    unready: bool = False  # it answers, and says it is not well
    feels: bool = True  # says when something it depends on is down; otherwise it falls silent with it
    misses_next: int = 0  # probes that get lost
    refused_by: str = ""  # something it depends on that answers everybody else: its password fits no more

    @property
    def running(self) -> bool:
        return self.status == "running"


@dataclass
class World:
    """Everything outside the decision. `done` keeps each Docker action with its moment, `notes` each line."""

    bodies: dict[str, Body] = field(default_factory=lambda: {name: Body(f"{name}-1") for name in KEPT})
    state: State = field(default_factory=State)
    now: datetime = BEGIN
    docker: bool = True
    pace: int = 1  # seconds between two probes of a service that answers
    last_ok: dict[str, datetime] = field(default_factory=dict)
    done: list[tuple[datetime, DockerAction]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    history: list[tuple[datetime, str, Phase]] = field(default_factory=list)

    # --- looking -------------------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> ServiceState:
        return self.state.services[name]

    def phase(self, name: str) -> Phase:
        return self[name].phase

    def phases(self) -> dict[str, str]:
        return {name: service.phase.value for name, service in self.state.services.items()}

    def all_healthy(self) -> bool:
        return all(service.phase is Phase.HEALTHY for service in self.state.services.values())

    def started(self) -> list[str]:
        return [action.service for _at, action in self.done if isinstance(action, Start)]

    def actions_on(self, name: str) -> list[DockerAction]:
        return [action for _at, action in self.done if action.service == name]

    # --- time ----------------------------------------------------------------------------------------------------------

    def boot(self) -> "World":
        """The supervisor comes up and looks at every container."""
        self.tell(DockerAnswers())
        for name in self.bodies:
            self.look(name)
        return self

    def healthy(self) -> "World":
        """Everything runs for an hour and was found healthy."""
        for body in self.bodies.values():
            body.status, body.exit_code, body.started = "running", None, self.now - timedelta(hours=1)
        self.boot().advance(self.pace + 1)
        assert self.all_healthy(), self.phases()
        self.done.clear()
        self.notes.clear()
        return self

    def advance(self, seconds: float) -> "World":
        """Second after second: deaths that are due, one probe each, a tick."""
        for _second in range(int(seconds)):
            self.now += timedelta(seconds=1)
            if int(self.now.timestamp()) % READING == 0:
                self._read_usage()
            for name, body in self.bodies.items():
                if body.running and body.dies_after is not None and self._age(body) >= body.dies_after:
                    self.crash(name)
            for name, body in self.bodies.items():
                if body.running and (self.now - self.last_ok.get(name, BEGIN)).total_seconds() >= self.pace:
                    answer = self._probe(name)
                    self.last_ok[name] = self.now if answer.outcome is Outcome.OK else LONG_AGO
                    self.tell(answer)
            self.tell(Tick())
        return self

    def look(self, name: str) -> None:
        if self.docker:
            self.tell(Seen(name, self._container(name), self.now))

    # --- what happens --------------------------------------------------------------------------------------------------

    def crash(self, name: str, exit_code: int = 1, out_of_memory: bool = False) -> None:
        body = self.bodies[name]
        body.status, body.exit_code = "exited", exit_code
        if self.docker:
            if out_of_memory:
                self.tell(OutOfMemory(name, body.id, self.now))
            self.tell(Died(name, body.id, self.now, exit_code))

    def kill(self, name: str) -> None:
        """`docker kill`: the signal is seen, a stop is not."""
        self.tell(Signalled(name, self.bodies[name].id, self.now, 9))
        self.crash(name, 137)

    def stop_by_hand(self, name: str) -> None:
        """`docker compose stop NAME`."""
        self._stop(name)

    def start_by_hand(self, name: str) -> None:
        self._start(name)

    def restart_by_hand(self, name: str) -> None:
        """`docker compose restart NAME`."""
        self._stop(name)
        self._start(name)

    def recreate(self, name: str) -> None:
        """`docker compose up --force-recreate NAME`: the old container goes, another takes its name and is started."""
        self._stop(name)
        body = self.bodies[name] = Body(f"{self.bodies[name].id}+", status="created", exit_code=None)
        self.look(name)
        self._start(name)
        body.dies_after = None

    def docker_goes(self) -> None:
        self.docker = False
        self.tell(DockerSilent("connection refused"))

    def docker_comes(self) -> None:
        self.docker = True
        for name in self.bodies:
            self.look(name)
        self.tell(DockerAnswers())

    def ask(self, name: str, ask: Ask, lease: str = "") -> None:
        self.tell(Asked(name, ask, "operator", lease=lease))

    def take(self, name: str, *services: str, seconds: float = 60, holder: str = "backup") -> Lease:
        """Somebody begins maintenance; no services means all."""
        covered = services or tuple(self.bodies)
        lease = Lease(
            f"{name} {self.now}", name, covered, holder, "a test", self.now, self.now + timedelta(seconds=seconds), seconds
        )
        self.tell(LeaseTaken(lease))
        return lease

    def extend(self, lease: Lease, seconds: float) -> None:
        self.tell(LeaseExtended(lease.id, seconds))

    def release(self, lease: Lease) -> None:
        self.tell(LeaseReleased(lease.id, "operator"))

    def supervisor_restarts(self) -> None:
        """A new process that remembers what `StateFile` keeps."""
        remembered = {
            name: ServiceState(
                name,
                remembered_id=service.container.id if service.container else service.remembered_id,
                attempts=service.attempts,
                quarantined=service.quarantined,
                stopped_at=service.stopped_at,
                restarts=service.restarts,
            )
            for name, service in self.state.services.items()
        }
        self.state = State(services=remembered, leases=self.state.leases)
        self.boot()

    def tell(self, event: Event) -> None:
        """One event; its actions are carried out at once and tell their own events."""
        before = self.state
        self.state, actions = decide(before, event, self.now)
        self.decided(before, event, actions)
        if self.state.services is not before.services:
            for name, service in self.state.services.items():
                if service.phase is not before.services[name].phase:
                    self.history.append((self.now, name, service.phase))
        for action in actions:
            self._carry_out(action)

    def decided(self, before: State, event: Event, actions: list[Action]) -> None:
        """For those who look on: what was decided, before it is carried out."""

    # --- inside --------------------------------------------------------------------------------------------------------

    def _carry_out(self, action: Action) -> None:
        if isinstance(action, Note):
            self.notes.append(str(action.text))
            return
        name = action.service
        self.done.append((self.now, action))
        if not self.docker:
            self.tell(ActionDone(name, ok=False, reached=False, detail="connection refused"))
            return
        if isinstance(action, Stop | Restart) and self.bodies[name].running:
            self._stop(name)
        if isinstance(action, Start | Restart):
            self._start(name)
        self.tell(ActionDone(name, ok=True))

    def _stop(self, name: str) -> None:
        body = self.bodies[name]
        self.tell(Signalled(name, body.id, self.now, 15))
        body.status, body.exit_code, body.hangs = "exited", 143, False
        self.tell(Died(name, body.id, self.now, 143))
        self.tell(Stopped(name, body.id, self.now))

    def _start(self, name: str) -> None:
        body = self.bodies[name]
        body.status, body.exit_code, body.started, body.hangs = "running", None, self.now, False
        self.tell(Started(name, body.id, self.now))

    def _container(self, name: str) -> Container:
        body = self.bodies[name]
        return Container(
            body.id, body.status, exit_code=body.exit_code, created_at=BEGIN - timedelta(days=2), started_at=body.started
        )

    def _read_usage(self) -> None:
        """What those take that replay a journal at their start, until they answer; of the others nothing is decided by it."""
        for name, body in self.bodies.items():
            if KEPT[name].recovers and body.running and self.docker and not self._answers(name):
                at_work = body.works and not body.hangs and self._age(body) < body.boots_in
                self.tell(Used(name, Usage(cpu=0.8 if at_work else 0.01, at=self.now)))

    def _age(self, body: Body) -> float:
        return (self.now - body.started).total_seconds()

    def _answers(self, name: str) -> bool:
        body = self.bodies[name]
        return body.running and not body.hangs and self._age(body) >= body.boots_in

    def _probe(self, name: str) -> Probed:
        body = self.bodies[name]
        if body.misses_next:
            body.misses_next -= 1
            return Probed(name, self.now, Outcome.SILENT, None, "no answer within 2 s")
        if not self._answers(name) and self.bodies[name].loads and not self.bodies[name].hangs:
            return Probed(name, self.now, Outcome.UNREADY, None, "LOADING Redis is loading", recovering=True)
        if not self._answers(name):
            return Probed(name, self.now, Outcome.SILENT, None, "no answer within 2 s")
        down = [other for other in (*KEPT[name].depends_on, *KEPT[name].fronts) if not self._works(other)]
        if down and not body.feels:
            return Probed(name, self.now, Outcome.SILENT, None, "no answer within 2 s")
        if down or body.refused_by:
            return Probed(name, self.now, Outcome.BLAMES, 3.0, "503", (body.refused_by or down[0],))
        if body.unready:
            return Probed(name, self.now, Outcome.UNREADY, 3.0, "/health answers 500")
        return Probed(name, self.now, Outcome.OK, 3.0)

    def _works(self, name: str) -> bool:
        return (
            self._answers(name)
            and not self.bodies[name].refused_by
            and all(self._works(other) for other in KEPT[name].depends_on)
        )


def chain(name: str) -> Iterator[str]:
    """Everything that `name` depends on, near ones first."""
    for other in KEPT[name].depends_on:
        yield other
        yield from chain(other)


def with_kept(state: State, **changes: Kept) -> State:
    """`state` with other settings for some services."""
    return replace(state, kept=tuple(changes.get(kept.name, kept) for kept in state.kept))
