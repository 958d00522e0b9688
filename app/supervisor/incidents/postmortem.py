"""The post-mortem of an incident as Markdown: figures filled in, and room for what only people know."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.core.i18n import _
from app.supervisor.incidents.incident import Entry, Evidence, Incident, Kind
from app.supervisor.pages import formatting


def postmortem(incident: Incident, timeline: Sequence[Entry], evidence: Sequence[Evidence]) -> str:
    """The whole document. What came from outside is escaped: it is text, never markup."""
    title = _("Incident {number}: {cause}", number=incident.id, cause=incident.cause)
    parts = [f"# {_plain(title)}", _plain(incident.reason or _("reason unknown")), _figures(incident)]
    parts += [f"## {_('Timeline')} (UTC)", "\n".join(_line(entry) for entry in timeline)]
    parts += [f"## {_('Evidence')}", *(_found(one) for one in evidence)] if evidence else []
    notes = [entry for entry in timeline if entry.kind is Kind.NOTE]
    parts += [f"## {_('Root cause')}", _("_Why did it happen? Ask why until the answer is something that can be changed._")]
    parts += [_("Notes so far:"), "\n".join(f"- {_plain(note.text)} ({_plain(note.by)})" for note in notes)] if notes else []
    parts += [f"## {_('What went well, what did not')}", "- "]
    tasks = (_("What"), _("Who"), _("By when"))
    parts += [f"## {_('What will be changed')}", f"| {' | '.join(tasks)} |\n|---|---|---|\n| | | |"]
    return "\n\n".join(parts) + "\n"


def _figures(incident: Incident) -> str:
    rows = [
        (_("Priority"), incident.priority),
        (_("State"), incident.state),
        (_("First sign"), moment(incident.began_at)),
        (_("Detected"), _after(incident.detected_at, incident.to_detect)),
        (_("First action"), _after(incident.acted_at, incident.to_act)),
        (_("Recovered"), _after(incident.recovered_at, incident.to_recover)),
        (_("Ended"), moment(incident.ended_at) if incident.ended_at else _("not yet")),
        (_("Affected"), ", ".join(incident.affected) or _("no service")),
        (_("Alerts"), str(len(incident.alerts))),
    ]
    return "| | |\n|---|---|\n" + "\n".join(f"| {what} | {_plain(value)} |" for what, value in rows)


def _found(evidence: Evidence) -> str:
    facts = [evidence.reason, moment(evidence.at)]
    if evidence.exit_code is not None:
        facts.append(_("exit code {code}", code=evidence.exit_code))
    if evidence.oom_killed:
        facts.append(_("killed for exceeding its memory limit"))
    host = ", ".join(f"{name} {_figure(name, value)}" for name, value in evidence.host.items())
    text = f"### {_plain(evidence.service)}\n\n{_plain('; '.join(fact for fact in facts if fact))}\n\n"
    text += f"{_('Host')}: {host}\n\n" if host else ""
    lines = "\n".join(f"    {line}" for line in evidence.logs)
    return text + (lines or _("It had written nothing."))


def _line(entry: Entry) -> str:
    who = f" ({_plain(entry.by)})" if entry.by else ""
    return f"- {entry.at:%Y-%m-%d %H:%M:%S} **{entry.kind.value}** {_plain(entry.text)}{who}"


def _after(at: datetime | None, length: timedelta | None) -> str:
    if at is None or length is None:
        return _("not yet")
    return _("{moment}, after {span}", moment=moment(at), span=precise(length))


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def precise(length: timedelta | None) -> str:
    """A duration as people compare incidents: "0.4 s", "12 s", "3 min 20 s", "2 h 5 min"."""
    if length is None:
        return "–"
    seconds = max(length.total_seconds(), 0.0)
    if seconds < 10:
        return _("{count} s", count=f"{seconds:.1f}")
    if seconds < 60:
        return _("{count} s", count=round(seconds))
    if seconds < 3600:
        return _("{minutes} min {seconds} s", minutes=int(seconds // 60), seconds=int(seconds % 60))
    if seconds < 2 * 86400:
        return _("{hours} h {minutes} min", hours=int(seconds // 3600), minutes=int(seconds % 3600 // 60))
    return formatting.span(length)


def _figure(name: str, value: float) -> str:
    if name == "cpu":
        return formatting.percent(value)
    return f"{value:.2f}" if name == "load" else formatting.size(value)


def _plain(text: str) -> str:
    """Text that Markdown takes for nothing else, on one line."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))
