"""The loop: takes one event after the other, decides, remembers, and has the actions carried out."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from app.core.clock import Clock
from app.core.logging import get_logger
from app.supervisor.actions import Action, DockerAction, Note, Restart, Start, Stop
from app.supervisor.decide import decide
from app.supervisor.decide.operator import refusal
from app.supervisor.engine import EngineError, EngineSilent
from app.supervisor.events import ActionDone, Asked, Event, Tick
from app.supervisor.state import State
from app.supervisor.store import Line, StateFile

TICK_SECONDS = 1.0
STUCK_SECONDS = 30.0  # without a turn, the loop counts as stuck
_LOOK_AGAIN_SECONDS = 0.2

log = get_logger(__name__)


class Hands(Protocol):
    """What the loop does to containers; `Engine` in earnest."""

    def start(self, service: str) -> None: ...
    def stop(self, service: str, grace_seconds: int) -> None: ...
    def restart(self, service: str, grace_seconds: int) -> None: ...


class Observer(Protocol):
    """Looks on at every turn, in the loop's own thread: quick work only, nothing that waits for the network."""

    def turned(self, before: State, after: State, event: Event, actions: Sequence[Action], now: datetime) -> None: ...


def in_background(work: Callable[[], None]) -> None:
    """Run `work` beside the loop: a database may take a minute to stop."""
    threading.Thread(target=work, daemon=True).start()


class Loop:
    """Owns the state. `state` may be read from anywhere at any time; it is replaced, never changed."""

    def __init__(
        self,
        clock: Clock,
        hands: Hands,
        store: StateFile,
        run: Callable[[Callable[[], None]], None] = in_background,
        observers: Sequence[Observer] = (),
    ) -> None:
        self.clock, self._hands, self._store, self._run = clock, hands, store, run
        self._observers = observers
        self._events: queue.Queue[Event] = queue.Queue()
        self._turned = threading.Condition()
        self._last_turn = time.monotonic()
        self.turn = 0
        self.state = replace(State(), services=store.restore(State().services), leases=store.leases(clock.now()))

    def put(self, event: Event) -> None:
        """Let the loop know; returns at once."""
        self._events.put(event)

    def ask(self, asked: Asked) -> str | None:
        """Pass on an operator's wish; returns why it is refused, None when it is on its way."""
        reason = refusal(self.state, asked)
        if reason:
            return str(reason)
        self.put(asked)
        return None

    def run(self, stopping: threading.Event) -> None:
        """Work until `stopping`. One bad event is logged and left behind; the keeper keeps going."""
        next_tick = time.monotonic()
        while not stopping.is_set():
            wait = next_tick - time.monotonic()
            if wait <= 0:
                next_tick = time.monotonic() + TICK_SECONDS
                event: Event = Tick()
            else:
                try:
                    event = self._events.get(timeout=wait)
                except queue.Empty:
                    continue
            try:
                self.handle(event)
            except Exception:
                log.exception("an event could not be handled", event_type=type(event).__name__)

    def handle(self, event: Event) -> None:
        """One turn."""
        now = self.clock.now()
        before = self.state
        state, actions = decide(before, event, now)
        if state.services is not before.services or isinstance(event, Tick):
            self._store.save(state.services.values(), now)
        if state.leases is not before.leases:
            self._store.save_leases(state.leases.values())
        self.state = state
        for action in actions:
            self._carry_out(action)
        for observer in self._observers:
            self._tell(observer, before, event, actions, now)
        self._last_turn = time.monotonic()
        if _looks_different(before, state):
            with self._turned:
                self.turn += 1
                self._turned.notify_all()

    def wait_for_turn(self, after: int, seconds: float) -> int:
        """The number of the last turn that changed something to see; returns when it is above `after`, or after `seconds`."""
        with self._turned:
            self._turned.wait_for(lambda: self.turn > after, seconds)
            return self.turn

    def wait_for_state(self, holds: Callable[[State], bool], seconds: float) -> bool:
        """Whether `holds` came true within `seconds`."""
        deadline = time.monotonic() + seconds
        with self._turned:
            while not holds(self.state):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._turned.wait(min(left, _LOOK_AGAIN_SECONDS))
        return True

    @property
    def stuck(self) -> bool:
        return time.monotonic() - self._last_turn > STUCK_SECONDS

    def _tell(self, observer: Observer, before: State, event: Event, actions: Sequence[Action], now: datetime) -> None:
        """An observer that breaks must not keep the others from looking, nor the loop from healing."""
        try:
            observer.turned(before, self.state, event, actions, now)
        except Exception:
            log.exception("an observer broke", observer=type(observer).__name__)

    def _carry_out(self, action: Action) -> None:
        if isinstance(action, Note):
            text = str(action.text)
            (log.warning if action.bad else log.info)(text, about=action.service)
            self._store.note(Line(self.clock.now(), action.service, text, action.bad))
        else:
            self._run(lambda: self._act(action))

    def _act(self, action: DockerAction) -> None:
        try:
            match action:
                case Start():
                    self._hands.start(action.service)
                case Stop():
                    self._hands.stop(action.service, action.grace_seconds)
                case Restart():
                    self._hands.restart(action.service, action.grace_seconds)
        except EngineError as error:
            log.error("Docker did not do it", about=action.service, action=type(action).__name__.lower(), error=str(error))
            self.put(ActionDone(action.service, ok=False, reached=not isinstance(error, EngineSilent), detail=str(error)))
        except Exception as error:
            self.put(ActionDone(action.service, ok=False, detail=type(error).__name__))
            raise
        else:
            self.put(ActionDone(action.service, ok=True))


def _looks_different(before: State, after: State) -> bool:
    """Whether somebody who looks at the page would see another one (figures alone do not count)."""
    if before.docker != after.docker or before.leases.keys() != after.leases.keys():
        return True
    return any(
        (service.phase, service.reason, service.acting, service.restarts)
        != (
            before.services[name].phase,
            before.services[name].reason,
            before.services[name].acting,
            before.services[name].restarts,
        )
        for name, service in after.services.items()
    )
