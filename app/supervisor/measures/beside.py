"""The containers beside the stages: whether they run, and whether their own heartbeat is young, which is their health check.

Each touches a file every second, and Docker calls it unhealthy when that file is older than a minute: so a process that
hangs shows as one that died does.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from app.core.i18n import _
from app.supervisor.engine import EngineError
from app.supervisor.events import Measured
from app.supervisor.measures.source import Source
from app.supervisor.services import BESIDE

SECONDS = 15.0
LOOKS = 2  # bad ones in a row before it is said: a container that is replaced is away for a moment
FIGURE = "beside_down"

Describe = Callable[[str], Mapping[str, Any] | None]


def trouble(container: Mapping[str, Any] | None) -> str:
    """Why a container as Docker describes it does not work; "" while it does, or has yet to begin."""
    if container is None:
        return _("there is no such container")
    state = container["State"]
    if state["Status"] == "exited":
        return _("it ended with exit code {code}", code=state.get("ExitCode"))
    if state["Status"] != "running":
        return _("it is {status}", status=state["Status"])
    if (state.get("Health") or {}).get("Status") == "unhealthy":
        return _("it runs, but its heartbeat is older than a minute")
    return ""


class Beside:
    """`beside_down` of each of them: 1 with the reason, or 0."""

    def __init__(self, describe: Describe) -> None:
        self._describe = describe
        self._bad: dict[str, int] = {}

    def read(self) -> Iterable[Measured]:
        """One look at each. Raises OSError when Docker does not answer."""
        for name in BESIDE:
            try:
                wrong = trouble(self._describe(name))
            except EngineError as error:
                raise OSError(str(error)) from error
            self._bad[name] = self._bad.get(name, 0) + 1 if wrong else 0
            if not 0 < self._bad[name] < LOOKS:
                yield Measured(FIGURE, float(bool(wrong)), name, wrong)


def source(describe: Describe) -> Source:
    """The source."""
    return Source("containers beside the stages", SECONDS, Beside(describe).read)
