"""How wrong the host's clock may be, as far as the host itself can know.

Two things are seen, without asking the outside world: that the clock was set (wall clock and the clock that only counts on
move apart), and what the kernel was last told by a time service (`adjtimex`). A clock that has been wrong since before the
supervisor came up, on a host without a time service, is not seen: `detail` says then that no time service sets it.
"""

import ctypes
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.supervisor.events import Measured
from app.supervisor.measures.source import Source

SECONDS = 30.0
REMEMBERED_SECONDS = 600.0  # for so long a step shows
_NOISE = 0.05  # seconds: less is scheduling
_UNSYNCHRONISED, _IN_NANOSECONDS = 0x0040, 0x2000


@dataclass(frozen=True)
class Kernel:
    """What the kernel knows: seconds still to be corrected, whether a time service sets the clock at all."""

    offset: float
    synchronised: bool


class _Timex(ctypes.Structure):
    """The head of `struct timex` (adjtimex(2)); the kernel writes 208 bytes on 64-bit machines."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 400),
    )


def ask_kernel() -> Kernel | None:
    """Reading needs no privilege; None where it is not allowed all the same."""
    timex = _Timex()
    if ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex)) < 0:
        return None
    unit = 1e-9 if timex.status & _IN_NANOSECONDS else 1e-6
    return Kernel(timex.offset * unit, not timex.status & _UNSYNCHRONISED)


class ClockFigures:
    """`clock_drift_s`: the larger of the kernel's own offset and of the steps in the last ten minutes, in seconds."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        counting: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),  # goes on while the host sleeps
        kernel: Callable[[], Kernel | None] = ask_kernel,
    ) -> None:
        self._wall, self._counting, self._kernel = wall, counting, kernel
        self._apart = wall() - counting()
        self._steps: list[tuple[float, float]] = []

    def read(self) -> Iterable[Measured]:
        """One look."""
        counting = self._counting()
        apart = self._wall() - counting
        step, self._apart = apart - self._apart, apart
        if abs(step) > _NOISE:
            self._steps.append((counting, step))
        self._steps = [(at, by) for at, by in self._steps if counting - at <= REMEMBERED_SECONDS]
        stepped = sum(by for _at, by in self._steps)
        kernel = self._kernel()
        drift = max(abs(stepped), abs(kernel.offset) if kernel else 0.0)
        yield Measured("clock_drift_s", round(drift, 3), detail=_said(stepped if self._steps else None, kernel))


def _said(stepped: float | None, kernel: Kernel | None) -> str:
    parts = []
    if stepped is not None:
        parts.append(f"the clock was set by {stepped:+.1f} s in the last 10 minutes")
    if kernel is None:
        parts.append("the kernel does not tell whether a time service sets the clock")
    elif kernel.synchronised:
        parts.append(f"a time service sets the clock; {kernel.offset:+.3f} s are still to be corrected")
    else:
        parts.append("no time service sets the clock: install chrony or systemd-timesyncd")
    return "; ".join(parts)


def source() -> Source:
    """The source."""
    return Source("clock", SECONDS, ClockFigures().read)
