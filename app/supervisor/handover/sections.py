"""Evidence and checklist in words: the sections of the report, in the order people read them. Pure."""

from collections.abc import Iterable, Sequence

from app.core.i18n import N_, _
from app.supervisor.handover.checklist import Line
from app.supervisor.handover.document import Document, Section, Table
from app.supervisor.handover.evidence import Evidence, RuleLine, Running
from app.supervisor.handover.words import NEVER, day_and_time, share, took
from app.supervisor.pages.formatting import percent, size, span

_TIERS = {"operations": N_("operations"), "technical": N_("technical"), "development": N_("development")}


def document(evidence: Evidence, lines: Sequence[Line], who: str) -> Document:
    """The report of `evidence`, made by `who`."""
    proven = sum(line.proven for line in lines)
    facts = (
        (_("Appliance"), evidence.name or NEVER),
        (_("Made"), day_and_time(evidence.now)),
        (_("Made by"), who),
        (_("Checklist"), _("{proven} of {count} lines are proven", proven=proven, count=len(lines))),
    )
    sections = (
        _checklist(lines), _problems(evidence), _architecture(evidence), _versions(evidence), _images(evidence.running),
        _uptime(evidence), _audit(evidence), _recovery(evidence), _load(evidence), _deadlines(evidence), _contacts(evidence),
        _channels(evidence), _rules(evidence.rules),
    )  # fmt: skip
    return Document(_("Handover report"), facts, sections)


def _table(
    columns: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[str]], tones: Iterable[str] = ()
) -> Table | None:
    """None without rows: an empty table tells nothing, a sentence does."""
    made = tuple(tuple(row) for row in rows)
    return Table(tuple(columns), tuple(widths), made, tuple(tones)) if made else None


def _checklist(lines: Sequence[Line]) -> Section:
    rows = [(_("Proven") if line.proven else _("Not proven"), line.title, line.proof) for line in lines]
    tones = ["good" if line.proven else "bad" for line in lines]
    sentence = _("A line is ticked by evidence that the appliance itself has kept, and by nothing else.")
    return Section(_("Checklist"), (sentence,), _table([_("State"), _("Line"), _("Evidence")], [14, 32, 54], rows, tones))


def _problems(evidence: Evidence) -> Section:
    rows = [(problem.urgency, problem.about, problem.text, day_and_time(problem.since)) for problem in evidence.problems]
    sentences = () if rows else (_("Nothing is open."),)
    table = _table([_("Urgency"), _("Where"), _("What"), _("Since")], [11, 15, 54, 20], rows)
    return Section(_("Open problems"), sentences, table)


def _architecture(evidence: Evidence) -> Section:
    rows = [
        (one.name, one.stage or NEVER, one.trouble or one.state or _("runs"), ", ".join(one.needs) or NEVER,
         ", ".join(one.networks) or NEVER, ", ".join(one.ports) or NEVER, size(one.memory) if one.memory else NEVER)
        for one in evidence.running
    ]  # fmt: skip
    columns = [_("Container"), _("Stage"), _("State"), _("Works with"), _("Networks"), _("Ports"), _("Memory limit")]
    sentence = _(
        "As Docker described it. The stages start one after the other. The containers backup and drill, which make and prove "
        "backups, are not among them: the supervisor may not look at them; what they did is under Backup and restore."
    )
    return Section(_("Architecture as it runs"), (sentence,), _table(columns, [13, 9, 13, 19, 15, 21, 10], rows))


def _versions(evidence: Evidence) -> Section:
    sentences = (_missing(evidence, "docker"),) if "docker" in evidence.silence else ()
    return Section(_("Versions"), sentences, _table([_("What"), _("Version")], [50, 50], evidence.versions.items()))


def _images(running: Sequence[Running]) -> Section:
    rows = [(one.name, one.image or NEVER, one.digest or _("not known: {reason}", reason=one.trouble)) for one in running]
    return Section(_("Images"), (), _table([_("Container"), _("Image"), _("Digest")], [14, 26, 60], rows))


def _uptime(evidence: Evidence) -> Section:
    rows = [(one.service, share(one.share), _span(one.down), _span(one.planned), percent(one.seen)) for one in evidence.uptime]
    columns = [_("Service"), _("Available"), _("Down for"), _("Planned for"), _("Watched")]
    sentence = _("Of the time that it should have worked. “Watched” is the part of the week in which the supervisor looked.")
    if not rows:
        sentence = _missing(evidence, "uptime")
    return Section(_("Availability over the last 7 days"), (sentence,), _table(columns, [24, 19, 19, 19, 19], rows))


def _audit(evidence: Evidence) -> Section:
    audit = evidence.audit
    if audit is None:
        return Section(_("Last security audit"), (_missing(evidence, "audit"),))
    sentence = _(
        "Examined {moment} ({why}): {problems} problems, {warnings} warnings, {unknown} not known, {fine} in order. The machine "
        "itself was looked at: {facts}.",
        moment=day_and_time(audit.at),
        why=audit.why,
        problems=audit.problems,
        warnings=audit.warnings,
        unknown=audit.unknown,
        fine=audit.fine,
        facts=day_and_time(audit.facts_at) if audit.facts_at else _("never"),
    )
    rows = [(one.verdict, one.title, one.evidence, one.remedy) for one in audit.findings]
    return Section(
        _("Last security audit"),
        (sentence,),
        _table([_("Verdict"), _("What"), _("Evidence"), _("What to do")], [11, 21, 34, 34], rows),
    )


def _recovery(evidence: Evidence) -> Section:
    saved, copied, proven = evidence.saved, evidence.copied, evidence.proven
    rows = []
    if saved:
        text = _("{size}, {documents} documents, made in {span}")
        text = text.format(size=size(saved.size), documents=saved.documents, span=took(saved.seconds))
        rows.append((_("Last backup"), saved.id, day_and_time(saved.at), text))
    if copied:
        rows.append((_("Last copy elsewhere"), copied.id, day_and_time(copied.at), copied.target))
    if proven and proven.ok:
        text = _(
            "{documents} documents in {collections} collections: restored in {restore}, with comparison {whole}",
            documents=proven.documents,
            collections=proven.collections,
            restore=took(proven.restore_seconds),
            whole=took(proven.seconds),
        )
        rows.append((_("Last proven restore"), proven.id, day_and_time(proven.at), text))
    elif proven:
        rows.append((_("Last restore: failed"), proven.id, day_and_time(proven.at), proven.reason))
    absent = [(N_("backup"), saved), (N_("copy elsewhere"), copied), (N_("proven restore"), proven)]
    sentences = [_("There is no {what}.", what=_(what)) for what, one in absent if one is None]
    if "backups" in evidence.silence:
        sentences = [_missing(evidence, "backups")]
    return Section(
        _("Backup and restore"),
        tuple(sentences),
        _table([_("What"), _("Backup"), _("When"), _("How")], [18, 22, 20, 40], rows),
    )


def _load(evidence: Evidence) -> Section:
    load = evidence.load
    if load is None:
        return Section(_("Load test"), (_missing(evidence, "backups"),))
    outcome = _("went well") if load.good else _("went wrong")
    sentence = _("Recovery test {report}, {moment}, {outcome}: {text}.")
    return Section(
        _("Load test"),
        (sentence.format(report=load.report, moment=day_and_time(load.at), outcome=outcome, text=load.text.rstrip(".")),),
    )


def _deadlines(evidence: Evidence) -> Section:
    rows = [
        (one.priority, span(one.respond), span(one.resolve), ", ".join(one.first) or _("nobody")) for one in evidence.deadlines
    ]
    sentence = _("When nobody answers in time, the next tier is told: operations, technical, development.")
    columns = [_("Priority"), _("Answer within"), _("Over within"), _("Told first on")]
    return Section(_("Escalation"), (sentence,), _table(columns, [15, 20, 20, 45], rows))


def _contacts(evidence: Evidence) -> Section:
    rows = [(_(_TIERS.get(one.tier, one.tier)), one.name, one.mail or NEVER, one.phone or NEVER) for one in evidence.contacts]
    sentences = () if rows else (_("No contact is named in config/alerts.toml."),)
    return Section(_("Contacts"), sentences, _table([_("Tier"), _("Name"), _("Mail"), _("Phone")], [18, 30, 32, 20], rows))


def _channels(evidence: Evidence) -> Section:
    rows = [
        (one.name, one.kind, _(_TIERS.get(one.tier, one.tier)), ", ".join(one.priorities), day_and_time(one.delivered_at))
        for one in evidence.channels
    ]
    sentences = () if rows else (_("No channel is configured: alerts show on the pages only."),)
    columns = [_("Channel"), _("Kind"), _("Tier"), _("Priorities"), _("Last delivered")]
    return Section(_("Channels"), sentences, _table(columns, [22, 14, 18, 22, 24], rows))


def _rules(rules: Sequence[RuleLine]) -> Section:
    rows = [(one.name, f"{one.title} ({one.condition})", one.priority, _tested(one), day_and_time(one.fired_at)) for one in rules]
    sentence = _("“Fired” is the last time in earnest. A rule that was never tested is tested with tradeai alerts test-rule.")
    columns = [_("Rule"), _("What"), _("Priority"), _("Last test"), _("Fired")]
    return Section(_("Alert rules"), (sentence,), _table(columns, [17, 29, 8, 30, 16], rows))


def _tested(rule: RuleLine) -> str:
    if rule.off:
        return _("switched off")
    if rule.tested_at is None:
        return _("never")
    outcome = _("passed") if rule.good else _("failed")
    told = _(", message sent") if rule.told else ""
    return f"{day_and_time(rule.tested_at)}, {rule.tested_by}: {outcome}{told}. {rule.text}"


def _span(seconds: float) -> str:
    return took(seconds) if seconds else NEVER


def _missing(evidence: Evidence, part: str) -> str:
    reason = evidence.silence.get(part)
    return _("Not known: {reason}", reason=reason) if reason else _("There is none yet.")
