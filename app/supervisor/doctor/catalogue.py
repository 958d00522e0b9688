"""Finds the checks: every module under `checks/`."""

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from app.core.i18n import N_
from app.supervisor.doctor import checks
from app.supervisor.doctor.finding import Finding, Source
from app.supervisor.doctor.world import World

# As they follow each other on the page.
GROUPS = {
    "host": N_("Host"),
    "containers": N_("Containers"),
    "secrets": N_("Secrets"),
    "tls": N_("Encryption"),
    "users": N_("People"),
    "backups": N_("Backups"),
    "data": N_("Data"),
    "alerts": N_("Alerts"),
    "supervisor": N_("Supervisor"),
}


@dataclass(frozen=True)
class Check:
    """One check. `repair` corrects it and says what it did; `promise` is what it will do; None and "" where people must."""

    name: str
    group: str
    title: str
    source: Source
    look: Callable[[World], Finding]
    promise: str = ""
    repair: Callable[[World], str] | None = None


@functools.cache
def catalogue() -> tuple[Check, ...]:
    """Every check by group and name; a file that lacks one of the things a check has refuses the start of the tests."""
    order = list(GROUPS)
    found = [_check(module.name) for module in pkgutil.iter_modules(checks.__path__)]
    return tuple(sorted(found, key=lambda check: (order.index(check.group), check.name)))


def _check(name: str) -> Check:
    module = importlib.import_module(f"{checks.__name__}.{name}")
    return Check(
        name, module.GROUP, module.TITLE, module.SOURCE, module.look, getattr(module, "FIX", ""), getattr(module, "fix", None)
    )
