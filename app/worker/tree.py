"""The worker's process tree: a parent that only forks and waits, the clock, and the queue consumers."""

import ctypes
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.core.logging import get_logger

REFORK_SECONDS = 2.0
_PR_SET_CHILD_SUBREAPER = 36

log = get_logger(__name__)


@dataclass
class Child:
    """One child: what it runs, its process id (0 when not running), and when it may start again (monotonic seconds)."""

    name: str
    run: Callable[[], None]
    pid: int = 0
    not_before: float = 0.0


class Tree:
    """Keeps every child running until told to stop. `after_kill` gets the names of those that did not stop in time."""

    def __init__(
        self, children: Mapping[str, Callable[[], None]], grace_seconds: float, after_kill: Callable[[list[str]], None]
    ) -> None:
        self._children = [Child(name, run) for name, run in children.items()]
        self._grace_seconds = grace_seconds
        self._after_kill = after_kill
        self._stop_asked = False

    def run(self) -> int:
        """Returns the exit code once all children have ended."""
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
        signals = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
        # Blocked and then waited for, so that no signal falls between looking and waiting.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        while not self._stop_asked:
            for child in self._children:
                if not child.pid and time.monotonic() >= child.not_before:
                    self._fork(child, before)
            got = signal.sigtimedwait(signals, 1.0)
            self._reap()
            self._stop_asked = got is not None and got.si_signo in {signal.SIGTERM, signal.SIGINT}
        self._stop(signals)
        return 0

    def _fork(self, child: Child, mask: set[int | signal.Signals]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            child.pid = pid
            return
        code = 1
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            child.run()
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:  # noqa: BLE001 - the last frame of a forked child: nothing above may see it
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)

    def _reap(self) -> bool:
        """Collect every process that ended, orphaned work horses too; returns whether any is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if not pid:
                return True
            for child in self._children:
                if child.pid == pid:
                    child.pid, child.not_before = 0, time.monotonic() + REFORK_SECONDS
                    if not self._stop_asked:
                        log.warning("a process of the worker ended", process=child.name, status=os.waitstatus_to_exitcode(status))

    def _stop(self, signals: set[signal.Signals]) -> None:
        deadline = time.monotonic() + self._grace_seconds
        log.info("worker stops; current jobs may finish", grace_seconds=self._grace_seconds)
        self._signal(signal.SIGTERM)
        while any(child.pid for child in self._children) and (left := deadline - time.monotonic()) > 0:
            signal.sigtimedwait(signals, min(left, 1.0))
            self._reap()
        late = [child.name for child in self._children if child.pid]
        self._signal(signal.SIGKILL)
        while self._reap():  # work horses die with their consumers; their jobs are given back only after that
            signal.sigtimedwait(signals, 0.2)
        if late:
            self._after_kill(late)

    def _signal(self, number: signal.Signals) -> None:
        for child in self._children:
            if child.pid:
                os.kill(child.pid, number)
