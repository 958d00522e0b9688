"""What the checks look at: everything that was gathered for one examination, as values; and the few things a fix may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from app.core.i18n import _
from app.supervisor.doctor.finding import NoEvidence
from app.supervisor.state import HostState, Measure, State

MEASURE_LASTS = timedelta(days=2)  # a figure that nobody renewed for so long says nothing
FACTS_FRESH = timedelta(days=1)


@dataclass(frozen=True)
class HostFacts:
    """What scripts/host-facts.sh saw at `at`."""

    at: datetime
    seen: Mapping[str, Any]


@dataclass(frozen=True)
class Certificate:
    """The certificate at the public door. `trusted` is judged by this system's authorities for `name`."""

    name: str
    issuer: str
    self_signed: bool
    trusted: bool
    refusal: str  # why it is not trusted
    ends_at: datetime
    old_protocols: tuple[str, ...]  # accepted although they should not be


@dataclass(frozen=True)
class File:
    """A file that was seen in a folder; `size` in bytes."""

    name: str
    size: int
    changed_at: datetime


@dataclass(frozen=True)
class AlertFacts:
    """The channels people are reached by, and when each last delivered a message or test; None for never."""

    channels: Mapping[str, datetime | None] = field(default_factory=dict)


class Hands(Protocol):
    """What fixes may do, and nothing else."""

    def remove(self, folder: str, names: Sequence[str]) -> int: ...
    def create_indexes(self) -> int: ...
    def start(self, service: str) -> str | None: ...


@dataclass(frozen=True)
class World:
    """One look at everything. What could not be seen is None, and its reason stands in `silence`."""

    now: datetime
    state: State
    hands: Hands
    settings: Mapping[str, str] = field(default_factory=dict)
    kernel: str = ""
    facts: HostFacts | None = None
    inspected: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # service -> `docker inspect`
    docker: Mapping[str, Any] | None = None  # `docker version` of the server
    told: Mapping[str, Any] | None = None  # what the backend says of its data
    certificate: Certificate | None = None
    folders: Mapping[str, Sequence[File]] = field(default_factory=dict)  # "logs", "state"
    alerts: AlertFacts | None = None
    store_trouble: str = ""
    silence: Mapping[str, str] = field(default_factory=dict)  # containers, docker, app, certificate -> why

    def fact(self, name: str) -> Any:
        """A fact about the host. Raises NoEvidence."""
        if self.facts is None:
            raise NoEvidence(_("The host was not looked at yet: run sudo tradeai doctor there."))
        found = self.facts.seen.get(name)
        if found is None:
            raise NoEvidence(_("The host could not tell; run sudo tradeai doctor as root."))
        return found

    def app(self, name: str) -> Any:
        """What the backend says about `name`. Raises NoEvidence."""
        if self.told is None:
            raise NoEvidence(_("The backend could not be asked: {reason}", reason=self.silence.get("app", "?")))
        found = self.told.get(name)
        if found is None or (isinstance(found, Mapping) and "silent" in found):
            reason = found["silent"] if found else _("it does not know")
            raise NoEvidence(_("The backend could not tell: {reason}", reason=reason))
        return found

    def containers(self) -> Mapping[str, Mapping[str, Any]]:
        """Every container of ours as Docker describes it. Raises NoEvidence."""
        if not self.inspected:
            raise NoEvidence(_("Docker could not be asked: {reason}", reason=self.silence.get("containers", "?")))
        return self.inspected

    def host(self) -> HostState:
        """The last sample of the machine. Raises NoEvidence."""
        if self.state.host is None:
            raise NoEvidence(_("The host was not sampled yet; try again in a minute."))
        return self.state.host

    def measure(self, name: str, subject: str = "") -> Measure | None:
        """The newest figure of that name, None when there is none or nobody renewed it."""
        found = self.state.measures.get((name, subject))
        return found if found and self.now - found.at <= MEASURE_LASTS else None

    def need(self, name: str, subject: str = "") -> Measure:
        """The same. Raises NoEvidence."""
        found = self.measure(name, subject)
        if found is None:
            raise NoEvidence(_("Nothing has measured it yet."))
        return found

    def door(self) -> Certificate:
        """The certificate people meet. Raises NoEvidence."""
        if self.certificate is None:
            raise NoEvidence(_("The public door gave no certificate: {reason}", reason=self.silence.get("certificate", "?")))
        return self.certificate

    @property
    def facts_age(self) -> timedelta | None:
        """How old the facts about the host are."""
        return None if self.facts is None else self.now - self.facts.at
