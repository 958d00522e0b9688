"""The checklist: each line is ticked by evidence or not at all, and says by which, or what is missing. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.core.i18n import N_, _
from app.supervisor.alerts.routing import TIERS
from app.supervisor.handover.evidence import Evidence
from app.supervisor.handover.words import day_and_time, days, share, some, took
from app.supervisor.pages.formatting import percent
from app.supervisor.services import SERVICES

AVAILABLE = 0.995  # of the time that a core service should have worked
SEEN = 0.95  # of the week that must have been watched for its availability to count
AUDITED, PROVEN, BACKED_UP, COPIED = timedelta(days=31), timedelta(days=8), timedelta(hours=26), timedelta(days=8)
LOADED, RULE_TESTED, DELIVERED = timedelta(days=100), timedelta(days=90), timedelta(days=8)
_SKEW = timedelta(minutes=5)
_CORE = frozenset(kept.name for kept in SERVICES if kept.core)
_URGENT = frozenset({"P1", "P2", "problem", "overdue"})


@dataclass(frozen=True)
class Line:
    """One line. `proof` says what proves it; when it is not `proven`, why."""

    name: str
    title: str
    proven: bool
    proof: str


class NotProven(Exception):
    """There is no evidence, or it speaks against it; the message says which."""


def checklist(evidence: Evidence) -> tuple[Line, ...]:
    """Every line in its order."""
    return tuple(_line(name, title, prove, evidence) for name, (title, prove) in LINES.items())


def _line(name: str, title: str, prove: Callable[[Evidence], str], evidence: Evidence) -> Line:
    try:
        return Line(name, _(title), True, prove(evidence))
    except NotProven as reason:
        return Line(name, _(title), False, _("not proven: {reason}", reason=str(reason)))


def _young(evidence: Evidence, at: datetime, limit: timedelta, too_old: str) -> None:
    """Refuse evidence that is older than `limit`, or that a wrong clock dated into the future."""
    age = evidence.now - at
    if age > limit:
        raise NotProven(_(too_old, age=days(age)))
    if age < -_SKEW:
        raise NotProven(_("its evidence is of the future ({moment}): the clock is wrong", moment=day_and_time(at)))


def services_work(evidence: Evidence) -> str:
    """Every kept service is healthy at this moment."""
    kept = [one for one in evidence.running if one.state]
    ill = [f"{one.name} ({one.state})" for one in kept if one.state != "healthy"]
    if not kept or ill:
        raise NotProven(some(ill) or _("no service was seen"))
    return _("{count} services are healthy", count=len(kept))


def images_known(evidence: Evidence) -> str:
    """Docker named the image of every container."""
    unknown = [one.name for one in evidence.running if not one.digest]
    if not evidence.running or unknown:
        raise NotProven(_("the image is not known of {names}", names=some(unknown) or "?"))
    return _("{count} containers by the digests of their images", count=len(evidence.running))


def was_available(evidence: Evidence) -> str:
    """The core services over the last seven days."""
    core = [one for one in evidence.uptime if one.service in _CORE]
    if not core:
        raise NotProven(evidence.silence.get("uptime") or _("nothing was recorded"))
    least_seen = min(core, key=lambda one: one.seen)
    if least_seen.seen < SEEN:
        raise NotProven(
            _("only {part} of the last 7 days were watched ({name})", part=percent(least_seen.seen), name=least_seen.service)
        )
    low = [f"{one.service} {share(one.share)}" for one in core if one.share is None or one.share < AVAILABLE]
    if low:
        raise NotProven(_("below {goal}: {names}", goal=share(AVAILABLE), names=some(low)))
    return _("at least {least} in 7 days", least=share(min(one.share or 0 for one in core)))


def was_audited(evidence: Evidence) -> str:
    """The doctor found no problem lately, and looked at the machine itself too."""
    audit = evidence.audit
    if audit is None:
        raise NotProven(evidence.silence.get("audit") or _("nothing was examined yet"))
    _young(evidence, audit.at, AUDITED, N_("the last audit is {age} old"))
    if audit.facts_at is None or evidence.now - audit.facts_at > AUDITED:
        raise NotProven(_("the machine itself was not looked at; run sudo tradeai doctor"))
    if audit.problems:
        raise NotProven(_("{count} problems, audit of {moment}", count=audit.problems, moment=day_and_time(audit.at)))
    return _("no problem, {warnings} warnings, {moment}", warnings=audit.warnings, moment=day_and_time(audit.at))


def audit_trail_whole(evidence: Evidence) -> str:
    """The chain of the audit trail."""
    if evidence.audit is None or not evidence.audit.chain_whole:
        raise NotProven((evidence.audit.chain if evidence.audit else "") or _("nothing was examined yet"))
    return f"{evidence.audit.chain}, {day_and_time(evidence.audit.at)}"


def is_backed_up(evidence: Evidence) -> str:
    """A fresh backup that can be used."""
    if evidence.saved is None:
        raise NotProven(evidence.silence.get("backups") or _("there is no backup"))
    _young(evidence, evidence.saved.at, BACKED_UP, N_("the newest backup is {age} old"))
    return _("{id}, {documents} documents", id=evidence.saved.id, documents=evidence.saved.documents)


def is_copied(evidence: Evidence) -> str:
    """A copy of a backup lies on another machine."""
    if evidence.copied is None:
        raise NotProven(evidence.silence.get("backups") or _("no backup was copied elsewhere"))
    _young(evidence, evidence.copied.at, COPIED, N_("the newest copy is {age} old"))
    return _(
        "{id} on {target}, {moment}",
        id=evidence.copied.id,
        target=evidence.copied.target,
        moment=day_and_time(evidence.copied.at),
    )


def is_restorable(evidence: Evidence) -> str:
    """A backup was restored and compared."""
    proven = evidence.proven
    if proven is None:
        raise NotProven(evidence.silence.get("backups") or _("no backup was restored yet; run tradeai backup drill"))
    if not proven.ok:
        raise NotProven(_("the last restore failed, {moment}: {reason}", moment=day_and_time(proven.at), reason=proven.reason))
    _young(evidence, proven.at, PROVEN, N_("the last restore is {age} ago"))
    text = _("{id} restored in {restore}, compared and done in {whole}, {moment}")
    return text.format(
        id=proven.id, restore=took(proven.restore_seconds), whole=took(proven.seconds), moment=day_and_time(proven.at)
    )


def bears_load(evidence: Evidence) -> str:
    """The load step of the last recovery test."""
    load = evidence.load
    if load is None:
        raise NotProven(evidence.silence.get("backups") or _("no load test was made yet; run tradeai drill quarterly"))
    if not load.good:
        raise NotProven(load.text)
    _young(evidence, load.at, LOADED, N_("the last load test is {age} ago"))
    return f"{load.text}, {day_and_time(load.at)}"


def rules_tested(evidence: Evidence) -> str:
    """Every alert rule is on and passed its last test."""
    off = [rule.name for rule in evidence.rules if rule.off]
    on = [rule for rule in evidence.rules if not rule.off]
    never = [rule.name for rule in on if rule.tested_at is None or evidence.now - rule.tested_at > RULE_TESTED]
    failed = [rule.name for rule in on if rule.name not in never and not rule.good]
    reasons = [
        _("{what}: {names}", what=_(what), names=some(names))
        for what, names in (
            (N_("failed their test"), failed),
            (N_("not tested within 90 days"), never),
            (N_("switched off"), off),
        )
        if names
    ]
    if reasons or not on:
        raise NotProven("; ".join(reasons) or _("there is no rule"))
    return _("{count} rules, {told} of them with a message on their channels", count=len(on), told=sum(rule.told for rule in on))


def people_reached(evidence: Evidence) -> str:
    """Every channel delivered something lately."""
    if not evidence.channels:
        raise NotProven(_("no channel is configured: alerts reach nobody"))
    late = [one.name for one in evidence.channels if one.delivered_at is None or evidence.now - one.delivered_at > DELIVERED]
    if late:
        raise NotProven(_("nothing was delivered within eight days on {names}", names=some(late)))
    return _("{count} channels delivered within eight days", count=len(evidence.channels))


def contacts_named(evidence: Evidence) -> str:
    """Somebody with an address or number on every tier."""
    reachable = {contact.tier for contact in evidence.contacts if contact.mail or contact.phone}
    missing = [tier.value for tier in TIERS if tier.value not in reachable]
    if missing:
        raise NotProven(_("nobody is named for {names} (config/alerts.toml, [[contact]])", names=some(missing)))
    return _("{count} people on three tiers", count=len(evidence.contacts))


def nothing_urgent(evidence: Evidence) -> str:
    """Nothing of P1 or P2, no problem of the doctor, no overdue task."""
    urgent = [problem for problem in evidence.problems if problem.urgency in _URGENT]
    if urgent:
        raise NotProven(_("{count} open: {texts}", count=len(urgent), texts=some([problem.text for problem in urgent])))
    return _("nothing urgent is open, {count} warnings", count=len(evidence.problems))


LINES: dict[str, tuple[str, Callable[[Evidence], str]]] = {
    "services": (N_("Every service works"), services_work),
    "images": (N_("What runs is known"), images_known),
    "availability": (N_("The services were available over the last week"), was_available),
    "audit": (N_("The security was audited"), was_audited),
    "trail": (N_("The audit trail is whole"), audit_trail_whole),
    "backup": (N_("There is a fresh backup"), is_backed_up),
    "elsewhere": (N_("A copy of a backup lies elsewhere"), is_copied),
    "restore": (N_("A restore was proven"), is_restorable),
    "load": (N_("The appliance was tested under load"), bears_load),
    "rules": (N_("Every alert rule was tested"), rules_tested),
    "channels": (N_("Messages reach people"), people_reached),
    "contacts": (N_("Every tier has a contact"), contacts_named),
    "problems": (N_("Nothing urgent is open"), nothing_urgent),
}
