"""The alert settings in force: read from one file, checked as a whole, and replaced only by something right."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from app.core.i18n import _
from app.core.logging import get_logger
from app.supervisor.alerts import mistakes
from app.supervisor.alerts.entries import AlertFile, RuleEntry
from app.supervisor.alerts.mistakes import Mistake
from app.supervisor.alerts.routing import QuietHours, Route, Routing
from app.supervisor.alerts.rule import Rule
from app.supervisor.alerts.rules import RULES

DEFAULT_PATH = "/etc/tradeai/alerts.toml"
_COPY = "alerts-last-good.toml"
_MACHINES = frozenset({"pagerduty", "webhook"})
_LARGEST = 256 * 1024

log = get_logger(__name__)


class BadSettings(ValueError):
    """The file cannot be used; `mistakes` has one line for each reason."""

    def __init__(self, found: list[Mistake]) -> None:
        super().__init__("; ".join(str(mistake) for mistake in found))
        self.mistakes = found


@dataclass(frozen=True)
class AlertSettings:
    """What the file says, ready for use."""

    file: AlertFile = field(default_factory=AlertFile)
    rules: tuple[Rule, ...] = RULES
    routing: Routing = field(default_factory=Routing)

    @property
    def off(self) -> list[str]:
        return [name for name, entry in self.file.rules.items() if entry.off]


def settings_path() -> Path:
    """Where the file is looked for: `TRADEAI_ALERTS_FILE`, else /etc/tradeai/alerts.toml."""
    return Path(os.environ.get("TRADEAI_ALERTS_FILE", "") or DEFAULT_PATH)


def parse(text: str, folder: Path) -> AlertSettings:
    """The settings that `text` spells; files it names are relative to `folder`. Raises BadSettings with every mistake."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(mistakes.of_syntax(error, text)) from error
    try:
        file = AlertFile.model_validate(document, context={"folder": folder})
    except ValidationError as error:
        raise BadSettings(mistakes.of_values(error, text)) from error
    return AlertSettings(file, _rules(file.rules), _routing(file))


def _rules(entries: Mapping[str, RuleEntry]) -> tuple[Rule, ...]:
    changed = (_changed(rule, entries[rule.name]) if rule.name in entries else rule for rule in RULES)
    return tuple(rule for rule in changed if rule is not None)


def _changed(rule: Rule, entry: RuleEntry) -> Rule | None:
    if entry.off:
        return None
    condition = rule.condition
    if entry.threshold is not None:
        kept_gap = None if condition.clear is None else entry.threshold + (condition.clear - condition.threshold)
        condition = replace(condition, threshold=entry.threshold, clear=kept_gap)
    return replace(
        rule,
        condition=condition,
        after=rule.after if entry.after is None else entry.after,
        calm=rule.calm if entry.calm is None else entry.calm,
        priority=entry.priority or rule.priority,
        channels=rule.channels if entry.channels is None else entry.channels,
        runbook=entry.runbook or rule.runbook,
    )


def _routing(file: AlertFile) -> Routing:
    routes = tuple(
        Route(entry.name, entry.tier, entry.priorities, entry.kind in _MACHINES, entry.kind in _MACHINES)
        for entry in file.channel
    )
    quiet = file.quiet_hours
    if quiet is None:
        return Routing(routes)
    return Routing(routes, QuietHours(quiet.begin, quiet.end, ZoneInfo(quiet.timezone), quiet.priorities))


class SettingsFile:
    """Follows the file. A broken one changes nothing but `mistakes`; its last good form outlives the process."""

    def __init__(self, path: Path, keep_in: Path | None = None) -> None:
        self._path = path
        self._copy = keep_in / _COPY if keep_in else None
        self._stamp: tuple[int, int, int] | None = None
        self.present = False
        self.mistakes: list[Mistake] = []
        self.current = AlertSettings()
        if not self.reload() and self.mistakes:
            self._from_copy()

    @property
    def path(self) -> Path:
        return self._path

    def changed(self) -> bool:
        """Whether the file looks different from when it was last read."""
        return self._stamp_now() != self._stamp

    def reload(self) -> bool:
        """Read it again; True when the settings in force are now what it says."""
        self._stamp = self._stamp_now()
        try:
            text = self._read()
            fresh = parse(text, self._path.parent) if text is not None else AlertSettings()
        except BadSettings as error:
            self.mistakes = error.mistakes
            log.error("the alert settings are not used: they have mistakes", file=str(self._path), mistakes=len(self.mistakes))
            return False
        self.present, self.mistakes, self.current = text is not None, [], fresh
        self._keep(text)
        return True

    def _stamp_now(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> str | None:
        try:
            if self._path.stat().st_size > _LARGEST:
                raise BadSettings([Mistake(0, "", _("it is larger than 256 kB"))])
            return self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise BadSettings([Mistake(0, "", _("it is not UTF-8 text"))]) from error
        except OSError as error:
            reason = error.strerror or str(error)
            text = _("{path} cannot be read: {reason}. It must be readable for uid 10001.", path=self._path, reason=reason)
            raise BadSettings([Mistake(0, "", text)]) from error

    def _keep(self, text: str | None) -> None:
        """Passwords may stand in it, so nobody else may read the copy."""
        if self._copy is None:
            return
        try:
            self._copy.unlink(missing_ok=True)
            if text is not None:
                self._copy.touch(mode=0o600)
                self._copy.write_text(text, encoding="utf-8")
        except OSError as error:
            log.warning("the alert settings cannot be remembered", error=str(error))

    def _from_copy(self) -> None:
        if self._copy is None:
            return
        try:
            self.current = parse(self._copy.read_text(encoding="utf-8"), self._path.parent)
            self.present = True
        except (OSError, ValueError):
            return
