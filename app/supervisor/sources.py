"""Where events come from: one endless task each, all of them put into the loop's queue."""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from app.core.clock import Clock
from app.core.logging import get_logger
from app.supervisor.decide.attribution import host_busy
from app.supervisor.engine import EngineError, EngineRefused
from app.supervisor.events import (
    Died,
    DockerAnswers,
    DockerSilent,
    Event,
    HostSampled,
    Measured,
    OutOfMemory,
    Probed,
    Seen,
    Signalled,
    Started,
    Stopped,
    Used,
)
from app.supervisor.host.sample import sample_host
from app.supervisor.probes.answer import Probe
from app.supervisor.probes.names import names_resolve
from app.supervisor.state import Outcome, State
from app.supervisor.usage import usage_from_stats

PROBE_SECONDS = 3.0
ANSWER_SECONDS = 2.0  # how long an answer may take
BUSY_ANSWER_SECONDS = 10.0  # on a busy host the slow must be told from the dead: a restart would only add to the load
PROBE_AGAIN_SECONDS = 1.0  # after a bad answer, and while it is not known whether there is anything to ask
USAGE_SECONDS = 15.0
LOOK_EVERY = 2  # readings of usage: events tell what changes, a look only mends what they missed
HOST_SECONDS = 5.0
RECONNECT_SECONDS = 1.0
LOOK_AFTER = frozenset({"create", "rename", "destroy", "start", "pause", "unpause"})

log = get_logger(__name__)


class Eyes(Protocol):
    """What is read from Docker; `Engine` in earnest."""

    def inspect(self, service: str) -> Any: ...
    def stats(self, service: str) -> dict[str, Any]: ...
    def events(self, since: float | None) -> Any: ...
    def service_of(self, container_name: str) -> str | None: ...


class Sources:
    """All sources of one supervisor."""

    def __init__(
        self,
        put: Callable[[Event], None],
        state: Callable[[], State],
        clock: Clock,
        eyes: Eyes,
        stopping: threading.Event,
        resolve: Callable[[], bool] = names_resolve,
    ) -> None:
        self._put, self._state, self._clock, self._eyes, self._stopping = put, state, clock, eyes, stopping
        self._resolve, self._nameless = resolve, False
        self._heard_nano = 0

    def start(self, probes: Mapping[str, Probe], folders: Mapping[str, Path]) -> None:
        """Set them all going, in the background. `folders` lie on the disks to be watched."""
        tasks: list[Callable[[], None]] = [self.follow_docker, self.look_around, partial(self.watch_host, folders)]
        tasks += [partial(self.keep_asking, name, probe) for name, probe in probes.items()]
        for task in tasks:
            threading.Thread(target=self._keep_going, args=(task,), daemon=True).start()

    def _keep_going(self, task: Callable[[], None]) -> None:
        """A task that breaks is begun again: a supervisor with one eye shut is worse than a line in the log."""
        while not self._stopping.is_set():
            try:
                task()
            except Exception:
                log.exception("a source broke and begins again")
                self._stopping.wait(RECONNECT_SECONDS)

    def keep_asking(self, service: str, probe: Probe) -> None:
        """Probe one service for ever, more often while it answers badly."""
        while not self._stopping.is_set():
            pause = PROBE_AGAIN_SECONDS
            if self._worth_asking(service):
                event = self.ask(service, probe)
                if self._says_something(event):
                    self._put(event)
                pause = PROBE_SECONDS if event.outcome is Outcome.OK else PROBE_AGAIN_SECONDS
            self._stopping.wait(pause)

    def _says_something(self, event: Probed) -> bool:
        """Whether it was asked at all: when no name is resolved, silence is ours and not the service's."""
        asked = event.outcome is not Outcome.SILENT or self._resolve()
        if self._nameless or not asked:
            self._nameless = not asked
            self._put(Measured("names_dead", float(not asked), detail="" if asked else event.detail))
        return asked

    def ask(self, service: str, probe: Probe) -> Probed:
        """One probe, timed. A probe that breaks is a bad answer, not the end of asking."""
        began_at, began = self._clock.now(), time.perf_counter()
        try:
            answer = probe(BUSY_ANSWER_SECONDS if host_busy(self._state().host, began_at) else ANSWER_SECONDS)
        except Exception as error:
            log.exception("a probe broke", about=service)
            return Probed(service, began_at, Outcome.UNREADY, None, f"the probe itself failed: {type(error).__name__}")
        latency = (time.perf_counter() - began) * 1000
        return Probed(service, began_at, answer.outcome, latency, answer.detail, answer.blames, answer.recovering)

    def follow_docker(self) -> None:
        """Pass on container events as they come; after a gap, hear first what was missed."""
        while not self._stopping.is_set():
            try:
                with self._eyes.events(self._heard_nano / 1e9 or None) as stream:
                    self._look(self._state().services)
                    self._put(DockerAnswers())
                    for message in stream:
                        self._hear(message)
            except EngineError as error:
                self._put(DockerSilent(str(error)))
            self._stopping.wait(RECONNECT_SECONDS)

    def look_around(self) -> None:
        """Read what every container consumes, and see all of them now and then, in case an event was lost."""
        for turn in count(1):
            if self._stopping.wait(USAGE_SECONDS):
                return
            services = self._state().services
            try:
                if turn % LOOK_EVERY == 0 or not any(service.running for service in services.values()):
                    self._look(services)
                self._read_usage()
                self._put(DockerAnswers())
            except EngineRefused as error:
                log.error("Docker refuses to be looked at", error=str(error))
            except EngineError as error:
                self._put(DockerSilent(str(error)))

    def watch_host(self, folders: Mapping[str, Path]) -> None:
        """Sample the machine."""
        lag = 0.0
        while not self._stopping.is_set():
            try:
                self._put(HostSampled(sample_host(folders, lag)))
            except OSError as error:
                log.error("the host cannot be sampled", error=str(error))
            due = time.monotonic() + HOST_SECONDS
            self._stopping.wait(HOST_SECONDS)
            lag = max(time.monotonic() - due, 0.0)

    def _worth_asking(self, service: str) -> bool:
        """Not before Docker was asked, nor while the container does not run: its name would be sought in the outside world."""
        state = self._state()
        if state.docker.answers is None:
            return False
        known = state.services[service]
        return not state.docker.answers or not known.seen or known.running

    def _look(self, services: Mapping[str, Any]) -> None:
        for service in services:
            asked_at = self._clock.now()
            self._put(Seen(service, self._eyes.inspect(service), asked_at))

    def _read_usage(self) -> None:
        for name, service in self._state().services.items():
            if service.running:
                try:
                    stats = self._eyes.stats(name)
                except EngineRefused:
                    continue  # it ended in this moment
                self._put(Used(name, usage_from_stats(stats, service.usage, self._clock.now())))

    def _hear(self, message: Mapping[str, Any]) -> None:
        nano = int(message.get("timeNano", 0))
        if nano <= self._heard_nano:
            return  # told again after a reconnection
        self._heard_nano = nano
        attributes = message.get("Actor", {}).get("Attributes", {})
        service = self._eyes.service_of(attributes.get("name", ""))
        if service is None or service not in self._state().services:
            return
        for event in self._events_of(service, message, attributes):
            self._put(event)

    def _events_of(self, service: str, message: Mapping[str, Any], attributes: Mapping[str, str]) -> Iterator[Event]:
        container_id, at = message["Actor"]["ID"], self._clock.now()
        match message.get("Action"):
            case "start":
                yield Started(service, container_id, at)
            case "kill":
                yield Signalled(service, container_id, at, signal_number(attributes.get("signal", "")))
            case "oom":
                yield OutOfMemory(service, container_id, at)
            case "die":
                yield Died(service, container_id, at, int(attributes.get("exitCode", -1)))
            case "stop":
                yield Stopped(service, container_id, at)
        if message.get("Action") in LOOK_AFTER:
            asked_at = self._clock.now()
            yield Seen(service, self._eyes.inspect(service), asked_at)


def signal_number(text: str) -> int:
    """Engines write the signal as a number or by name; 0 for what cannot be read."""
    if text.isdigit():
        return int(text)
    return int(signal.Signals.__members__.get(text, 0))
