"""What the machine looks at for each duty, and what it makes of it."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.i18n import _, ngettext
from app.supervisor.doctor.checks.backup_age import NONE_YET
from app.supervisor.doctor.finding import NoEvidence
from app.supervisor.doctor.records import Run
from app.supervisor.doctor.world import MEASURE_LASTS, HostFacts
from app.supervisor.duties.duty import Proof
from app.supervisor.duties.errors import ErrorCount
from app.supervisor.pages.formatting import percent, size, span
from app.supervisor.state import Measure, Phase, State
from app.supervisor.store import Line

_DAY, _WEEK, _MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=31)
_FEW_ERRORS = 10
_QUARTER_DAYS = 31  # a test of the month before is this quarter's
Series = Callable[[str, datetime, datetime], Sequence[float]]


@dataclass(frozen=True)
class View:
    """Where the looks get their evidence. `series` are a figure's values between two moments, [] when none were recorded."""

    now: datetime
    state: State
    journal: Callable[[], Sequence[Line]]
    errors: Callable[[], ErrorCount]
    series: Series
    examine: Callable[[], Run]
    facts: Callable[[], HostFacts | None]
    told: Callable[[], Mapping[str, Any]]
    versions: Callable[[], Mapping[str, str]]
    last_proof: Callable[[str], str]  # what is on record of a duty's turn before

    def measure(self, name: str) -> Measure | None:
        found = self.state.measures.get((name, ""))
        return found if found and self.now - found.at <= MEASURE_LASTS else None


def health(view: View) -> Proof:
    """Which services are healthy, and what went wrong within a day."""
    services = view.state.services
    well = [name for name, service in services.items() if service.phase is Phase.HEALTHY]
    ill = [f"{name}: {service.phase.value}" for name, service in services.items() if service.phase is not Phase.HEALTHY]
    bad = [line for line in view.journal() if line.bad and view.now - line.at <= _DAY]
    text = _("{well} of {all} services are healthy", well=len(well), all=len(services))
    text += "; " + ngettext("{count} thing went wrong within a day", "{count} things went wrong within a day", len(bad))
    return Proof(not ill, text, (*ill, *(f"{line.at:%H:%M} UTC {line.service}: {line.text}" for line in bad[:10])))


def error_log(view: View) -> Proof:
    """How many errors were logged, and which most often."""
    try:
        found = view.errors()
    except OSError as error:
        raise NoEvidence(_("The error logs cannot be read: {reason}", reason=str(error))) from error
    text = ngettext("{count} error within a day", "{count} errors within a day", found.count)
    text += " " + ngettext("in {count} file", "in {count} files", found.files)
    return Proof(found.count <= _FEW_ERRORS, text, tuple(f"{count} x {message}" for message, count in found.top))


def backup_done(view: View) -> Proof:
    """Whether today's backup is there."""
    age = view.measure("backup_age_h")
    if age is None or age.detail == _(NONE_YET):
        return Proof(False, _("There is no backup yet"))
    details = (age.detail,) if age.detail else ()
    return Proof(age.value <= 26, _("The last backup is {hours} hours old", hours=round(age.value)), details)


def disk(view: View) -> Proof:
    """Room on the disk, and when it will be full."""
    host = view.state.host
    if host is None or not host.disk_total:
        raise NoEvidence(_("The host was not sampled yet; try again in a minute."))
    share, trend = host.disk_free / host.disk_total, view.measure("disk_full_in_h")
    text = _("{free} of {total} are free ({share})", free=size(host.disk_free), total=size(host.disk_total), share=percent(share))
    if trend is not None and trend.value < 14 * 24:
        return Proof(False, text, (_("At the present pace it is full in {days} days", days=round(trend.value / 24, 1)),))
    return Proof(share >= 0.15, text)


def security_log(view: View) -> Proof:
    """Sign-ins, refusals and changes of rights of the last week; a person judges whether they are as expected."""
    events = view.told().get("security")
    if not isinstance(events, Mapping) or "silent" in events:
        raise NoEvidence(_("The backend could not tell about sign-ins and rights."))
    failed = sum(count for kind, count in events.items() if kind.startswith("sign_in.") and kind != "sign_in.code")
    text = _("{sign_ins} sign-ins and {failed} refusals within a week", sign_ins=events.get("sign_in", 0), failed=failed)
    return Proof(
        True, text, tuple(f"{count} x {kind}" for kind, count in sorted(events.items(), key=lambda one: -one[1]) if count)
    )


def package_updates(view: View) -> Proof:
    """Security corrections that wait on the machine."""
    facts = view.facts()
    if facts is None or view.now - facts.at > _WEEK + _DAY:
        return Proof(False, _("The machine was not looked at within a week: run sudo tradeai doctor there"))
    waiting, seen = int(facts.seen.get("security_updates", 0)), span(view.now - facts.at)
    text = ngettext(
        "{count} security update waits (seen {seen} ago)", "{count} security updates wait (seen {seen} ago)", waiting, seen=seen
    )
    return Proof(waiting == 0 and not facts.seen.get("reboot_required"), text)


def performance(view: View) -> Proof:
    """How fast API and database were over the week."""
    lines, good = [], True
    for name, label, limit in (("api_p95_ms", _("API, 95 of 100 requests"), 200), ("db_query_mean_ms", _("database query"), 50)):
        values = list(view.series(name, view.now - _WEEK, view.now))
        if values:
            middle, high = statistics.median(values), max(values)
            good = good and middle <= limit
            lines.append(
                _(
                    "{what}: {middle} ms in the middle, {high} ms at worst (target {limit})",
                    what=label,
                    middle=round(middle, 1),
                    high=round(high, 1),
                    limit=limit,
                )
            )
    if not lines:
        raise NoEvidence(_("No figures were recorded over the week."))
    return Proof(good, lines[0], tuple(lines[1:]))


def backup_proven(view: View) -> Proof:
    """Whether a backup was restored and compared within the week."""
    return _proven(view, 8)


def recovery_test(view: View) -> Proof:
    """Whether a recovery was tried within the month."""
    return _proven(view, 31)


def recovery_quarterly(view: View) -> Proof:
    """Whether the test of this quarter was made, and how it went; a person reads the report and signs."""
    age, failed = view.measure("recovery_test_age_days"), view.measure("recovery_test_failed")
    if age is None:
        return Proof(False, _("No recovery test was made yet: tradeai drill quarterly"))
    text = _("The last recovery test is {days} days old (report {name})", days=round(age.value), name=age.detail)
    if failed is not None and failed.value:
        return Proof(False, text, (_("It went wrong: tradeai drill show {name}", name=age.detail),))
    return Proof(age.value <= _QUARTER_DAYS, text, (_("tradeai drill show {name}", name=age.detail),))


def security_audit(view: View) -> Proof:
    """A full examination by the doctor."""
    run = view.examine()
    text = _(
        "{problems} problems, {warnings} warnings, {fine} in order", problems=run.problems, warnings=run.warnings, fine=run.fine
    )
    return Proof(run.problems == 0, text, (_("In full on the page of the doctor"),))


def capacity(view: View) -> Proof:
    """Whether disk, memory and processors last for the months to come."""
    host = view.state.host
    if host is None:
        raise NoEvidence(_("The host was not sampled yet; try again in a minute."))
    trend = view.measure("disk_full_in_h")
    days = trend.value / 24 if trend is not None else None
    text = (
        _("No end of the disk is in sight")
        if days is None
        else _("At the present pace the disk is full in {days} days", days=round(days))
    )
    lines = []
    cpu, memory = ([*view.series(name, view.now - _MONTH, view.now)] for name in ("host_cpu", "host_memory_used"))
    if cpu:
        lines.append(
            _(
                "Processors: {middle} in the middle of the month, {high} at most",
                middle=percent(statistics.median(cpu)),
                high=percent(max(cpu)),
            )
        )
    if memory:
        lines.append(_("Memory: at most {high} of {total}", high=size(max(memory)), total=size(host.memory_total)))
    scarce = bool(memory) and statistics.median(memory) > 0.85 * host.memory_total
    return Proof((days is None or days > 90) and not scarce, text, tuple(lines))


def documentation(view: View) -> Proof:
    """What runs, written down: versions and a fingerprint of the settings; and whether it changed since the last time."""
    versions = view.versions()
    text = ", ".join(f"{name} {version}" for name, version in versions.items())
    last = view.last_proof("documentation")
    change = (
        _("First record")
        if not last
        else _("Unchanged since the last record")
        if last == text
        else _("Before: {before}", before=last)
    )
    return Proof(bool(versions), text or _("Nothing is known"), (change,))


def _proven(view: View, days: int) -> Proof:
    age, failed = view.measure("proof_age_days"), view.measure("drill_failed")
    if failed is not None and failed.value:
        return Proof(False, _("The last drill failed: the backup could not be restored"))
    if age is None:
        return Proof(False, _("No backup was proven by a restore yet"))
    text = _("A backup was restored and compared {days} days ago", days=round(age.value))
    return Proof(age.value <= days, text, (age.detail,) if age.detail else ())
