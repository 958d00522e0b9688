"""What people read in a message: one headline, the facts, what to do, and where to look."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.core.i18n import _, ngettext
from app.supervisor.alerts.alert import Alert
from app.supervisor.alerts.grouping import Kind, Message
from app.supervisor.alerts.rule import RESOLUTION, RESPONSE, Rule

_SEVERITY = {"P1": "critical", "P2": "error", "P3": "warning", "P4": "info"}


@dataclass(frozen=True)
class Fact:
    """One alert for people."""

    title: str
    detail: str
    since: str
    advice: str
    runbook: str


@dataclass(frozen=True)
class Wording:
    """A message in words. `subject` is its one line; `severity` as PagerDuty and syslog name it."""

    subject: str
    headline: str
    facts: tuple[Fact, ...]
    affected: str
    closing: str
    link: str
    severity: str

    def text(self) -> str:
        """All of it as plain text."""
        parts = [self.headline]
        for fact in self.facts:
            lines = [fact.title, fact.detail, fact.since, fact.advice, fact.runbook]
            parts.append("\n".join(dict.fromkeys(line for line in lines if line)))
        return "\n\n".join(part for part in (*parts, self.affected, self.closing, self.link) if part)


def word(message: Message, rules: Mapping[str, Rule], public_address: str = "") -> Wording:
    """`message` in the company's language."""
    link = _page_of(message, public_address)
    severity = _SEVERITY[message.priority.value]
    if message.kind in {Kind.TEST, Kind.SELF_TEST}:
        return _test(message, rules, link)
    first = _title(message.alerts[0], rules)
    more = len(message.alerts) - 1
    what = ngettext("{title} and {count} more", "{title} and {count} more", more, title=first) if more else first
    prefix = {
        Kind.TRIGGER: message.priority.value,
        Kind.ESCALATE: _("{priority} not acknowledged", priority=message.priority.value),
        Kind.OVERDUE: _("{priority} still not over", priority=message.priority.value),
        Kind.ACKNOWLEDGE: _("Acknowledged"),
        Kind.RESOLVE: _("Resolved"),
    }[message.kind]
    affected = _("Affected by it: {names}", names=", ".join(message.affected)) if message.affected else ""
    return Wording(
        subject=" ".join(f"[TradeAI {prefix}] {what}".split()),
        headline=" ".join(f"{prefix}: {what}".split()),
        facts=_facts(message, rules, public_address),
        affected=affected,
        closing=_closing(message),
        link=link,
        severity=severity,
    )


def _test(message: Message, rules: Mapping[str, Rule], link: str) -> Wording:
    """A test of the channel, or of a rule that is told on it."""
    if message.alerts:
        headline = _("Test of the alert rule: {title}", title=_title(message.alerts[0], rules))
    elif message.kind is Kind.SELF_TEST:
        headline = _("Weekly test of the channel {channel}", channel=message.channel)
    else:
        headline = _("Test of the channel {channel}", channel=message.channel)
    text = _("Nothing is wrong. Who reads this is reached when something is.")
    return Wording(f"[TradeAI] {headline}", headline, (), text, "", link, "info")


def _title(alert: Alert, rules: Mapping[str, Rule]) -> str:
    rule = rules.get(alert.rule)
    return rule.title_for(alert.subject) if rule else f"{alert.rule} {alert.subject}".strip()


def _page_of(message: Message, public_address: str) -> str:
    """The page of its first alert; of all alerts when it is about none."""
    if not public_address:
        return ""
    one = f"/{message.alerts[0].id}" if message.alerts else ""
    return f"{public_address.rstrip('/')}/alerts{one}"


def _facts(message: Message, rules: Mapping[str, Rule], public_address: str) -> tuple[Fact, ...]:
    """One for each alert; what to do is said once for each rule."""
    facts, advised = list[Fact](), set[str]()
    for alert in message.alerts:
        fact = _fact(alert, rules, message.kind, public_address)
        facts.append(replace(fact, advice="", runbook="") if alert.rule in advised else fact)
        advised.add(alert.rule)
    return tuple(facts)


def _fact(alert: Alert, rules: Mapping[str, Rule], kind: Kind, public_address: str) -> Fact:
    rule = rules.get(alert.rule)
    since = _("Since {moment} UTC", moment=f"{alert.since:%Y-%m-%d %H:%M:%S}")
    if kind is Kind.RESOLVE and alert.resolved_at is not None:
        minutes = max(round((alert.resolved_at - alert.since).total_seconds() / 60), 1)
        since = ngettext("It lasted {count} minute", "It lasted {count} minutes", minutes)
        return Fact(_title(alert, rules), "", since, "", "")
    return Fact(
        _title(alert, rules), alert.detail, since, _(rule.advice) if rule else "", rule.link_at(public_address) if rule else ""
    )


def _closing(message: Message) -> str:
    if message.kind is Kind.TRIGGER:
        minutes = int(RESPONSE[message.priority].total_seconds() // 60)
        text = _("Please acknowledge within {minutes} min, on the page or with: tradeai alerts ack ID", minutes=minutes)
        return f"{text}  (ID {message.alerts[0].id})"
    if message.kind is Kind.ESCALATE:
        return _("Nobody has acknowledged it within the response time. ID {id}", id=message.alerts[0].id)
    if message.kind is Kind.OVERDUE:
        hours = int(RESOLUTION[message.priority].total_seconds() // 3600)
        text = ngettext("It should be over within {count} hour.", "It should be over within {count} hours.", hours)
        who = next((alert.acknowledged_by for alert in message.alerts if alert.acknowledged_by), "")
        return text + " " + _("{who} looks after it.", who=who) if who else text
    owner = next((alert for alert in message.alerts if alert.acknowledged_by), None)
    if message.kind is Kind.ACKNOWLEDGE and owner is not None:
        return _("{who} looks after it: {reason}", who=owner.acknowledged_by, reason=owner.reason)
    return ""
