"""What the pages and the API say about alerts: plain values."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.core.clock import iso
from app.core.i18n import N_, _
from app.supervisor.alerts.alert import Alert, Silence, Stage
from app.supervisor.alerts.desk import Desk
from app.supervisor.alerts.manual import as_html, manual
from app.supervisor.alerts.outbox import Delivery
from app.supervisor.alerts.rule import RESOLUTION, Rule
from app.supervisor.alerts.rules import RULES

# What each stage is called on the page and which tone it has.
STAGES: Mapping[Stage, tuple[str, str]] = {
    Stage.FIRING: (N_("Firing"), "bad"),
    Stage.ACKNOWLEDGED: (N_("Acknowledged"), "warn"),
    Stage.PENDING: (N_("Watched"), "neutral"),
    Stage.RESOLVED: (N_("Over"), "good"),
}


def alert_document(desk: Desk, alert: Alert) -> dict[str, Any]:
    """One alert for machines; `quiet` says why nobody was told, if so."""
    rule = desk.rules.get(alert.rule)
    return {
        "id": alert.id,
        "rule": alert.rule,
        "subject": alert.subject,
        "title": desk.title(alert),
        "priority": alert.priority.value,
        "stage": alert.stage.value,
        "cause": alert.cause,
        "detail": alert.detail,
        "value": alert.value,
        "since": iso(alert.since),
        "fired_at": _iso(alert.fired_at),
        "resolved_at": _iso(alert.resolved_at),
        "acknowledged_by": alert.acknowledged_by,
        "acknowledged_at": _iso(alert.acknowledged_at),
        "reason": alert.reason,
        "quiet": quiet_because(desk, alert),
        "over_by": iso(over_by(alert)),
        "advice": _(rule.advice) if rule else "",
        "runbook": (rule.runbook or rule.page) if rule else "",
    }


def over_by(alert: Alert) -> datetime:
    """When it should be over, by its priority."""
    return (alert.fired_at or alert.since) + RESOLUTION[alert.priority]


def quiet_because(desk: Desk, alert: Alert) -> str:
    """Why nobody is told of it; "" when they are."""
    if not alert.muted or alert.stage is Stage.PENDING:
        return ""
    root = next((other for other in desk.alerts.values() if other.id == alert.muted), None)
    if root is not None:
        return _("explained by: {title}", title=desk.title(root))
    silence = next((silence for silence in desk.silences if silence.id == alert.muted), None)
    if silence is not None:
        until = f"{silence.until:%Y-%m-%d %H:%M}"
        return _("silenced by {who} until {until} UTC: {why}", who=silence.who, until=until, why=silence.why)
    return _("explained by an alert that is over")


def silence_document(silence: Silence) -> dict[str, Any]:
    return {
        "id": silence.id,
        "rule": silence.rule,
        "subject": silence.subject,
        "until": iso(silence.until),
        "who": silence.who,
        "why": silence.why,
        "at": iso(silence.at),
    }


def rule_documents(desk: Desk) -> list[dict[str, Any]]:
    """Every rule there is, those switched off as well, with its last values."""
    return [_rule_document(desk, desk.rules.get(rule.name), rule) for rule in RULES]


def _rule_document(desk: Desk, used: Rule | None, default: Rule) -> dict[str, Any]:
    rule, section = used or default, manual().get(default.name)
    values = {subject: signal.value for (name, subject), signal in desk.signals.items() if name == rule.signal}
    return {
        "name": rule.name,
        "title": rule.title_for("…"),
        "signal": rule.signal,
        "condition": str(rule.condition),
        "after_seconds": rule.after.total_seconds(),
        "calm_seconds": rule.calm.total_seconds(),
        "priority": rule.priority.value,
        "inhibited_by": list(rule.inhibited_by),
        "channels": list(rule.channels),
        "runbook": rule.runbook or rule.page,
        "meaning": as_html(section.meaning) if section else "",
        "steps": as_html(section.steps) if section else as_html(_(rule.advice)),
        "off": used is None,
        "changed": used is not None and used != default,
        "values": values,
    }


def channel_documents(desk: Desk) -> list[dict[str, Any]]:
    """The configured channels with what came of their last message."""
    found = []
    for entry in desk.settings.current.file.channel:
        last = desk.outbox.last(entry.name)
        channel = desk.channels.get(entry.name)
        found.append(
            {
                "name": entry.name,
                "kind": entry.kind,
                "tier": entry.tier.value,
                "priorities": sorted(priority.value for priority in entry.priorities),
                "address": channel.address if channel else "",
                "last": delivery_document(last) if last else None,
            }
        )
    return found


def delivery_document(delivery: Delivery) -> dict[str, Any]:
    message = delivery.message
    return {
        "id": message.id,
        "kind": message.kind.value,
        "channel": message.channel,
        "priority": message.priority.value,
        "about": [f"{alert.rule} {alert.subject}".strip() for alert in message.alerts],
        "at": iso(message.at),
        "state": delivery.state,
        "attempts": delivery.attempts,
        "due_at": iso(delivery.due_at),
        "done_at": _iso(delivery.done_at),
        "error": delivery.error,
    }


def settings_document(desk: Desk) -> dict[str, Any]:
    """The file, its mistakes, and what is in force; nothing secret."""
    file, pulse = desk.settings.current.file, desk.heartbeat.pulse
    return {
        "file": str(desk.settings.path),
        "present": desk.settings.present,
        "good": not desk.settings.mistakes,
        "mistakes": [
            {"line": mistake.line, "field": mistake.field, "message": mistake.message} for mistake in desk.settings.mistakes
        ],
        "channels": [entry.name for entry in file.channel],
        "rules_off": desk.settings.current.off,
        "rules_changed": [name for name, entry in file.rules.items() if not entry.off],
        "contacts": [
            {"tier": contact.tier.value, "name": contact.name, "mail": contact.mail, "phone": contact.phone}
            for contact in file.contact
        ],
        "heartbeat": {
            "configured": file.heartbeat is not None,
            "ok_at": _iso(pulse.ok_at),
            "failures": pulse.failures,
            "error": pulse.error,
        },
        "public_address": file.public_address,
    }


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
