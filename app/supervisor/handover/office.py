"""The office that makes handover reports: one at a time, from the evidence of that moment, and notes each in the journal."""

import threading
from collections.abc import Callable
from typing import Any

from app import __version__
from app.core.clock import Clock, iso
from app.core.errors import Conflict, Invalid, Unavailable
from app.core.i18n import _
from app.supervisor.handover.binder import Binder, Bound
from app.supervisor.handover.checklist import checklist
from app.supervisor.handover.evidence import Evidence
from app.supervisor.handover.press import Press
from app.supervisor.handover.sections import document
from app.supervisor.store import Line

_ABOUT = "handover"  # what the journal's lines are filed under
_LONGEST_NAME = 100


class Office:
    """`gather` takes one look at everything."""

    def __init__(
        self, gather: Callable[[], Evidence], press: Press, binder: Binder, clock: Clock, note: Callable[[Line], None]
    ) -> None:
        self.press, self.binder = press, binder
        self._gather, self._clock, self._note = gather, clock, note
        self._at_work = threading.Lock()

    def make(self, who: str) -> Bound:
        """A new report, kept. Raises Invalid without a name, Conflict while another is made, Unavailable when it cannot be."""
        who = " ".join(who.split())
        if not 1 <= len(who) <= _LONGEST_NAME:
            raise Invalid(_("Say who makes the report (up to {count} characters).", count=_LONGEST_NAME))
        if not self._at_work.acquire(blocking=False):
            raise Conflict(_("A report is being made. Look again in a minute."))
        try:
            return self._make(who)
        finally:
            self._at_work.release()

    def check(self, report_id: str) -> dict[str, Any]:
        """Whether the report is as it was sealed; noted when it is not. Raises NotFound, Unavailable."""
        found = self.binder.find(report_id)
        try:
            packed = found.path.read_bytes()
        except OSError as error:
            raise Unavailable(_("{name} cannot be read: {reason}", name=found.path.name, reason=str(error))) from error
        judged = self.press.check(packed)
        if not judged["good"]:
            self._note(Line(self._clock.now(), _ABOUT, f"{found.path.name}: {judged['text']}", True))
        return {"id": found.id, "good": judged["good"], "text": judged["text"]}

    def _make(self, who: str) -> Bound:
        evidence = self._gather()
        lines = checklist(evidence)
        made = {"appliance": evidence.name, "made_at": iso(evidence.now), "made_by": who, "version": __version__}
        bound = self.binder.keep(evidence.now, self.press.press(document(evidence, lines, who), lines, made))
        text = _(
            "{who} made the handover report {name}: {proven} of {count} lines are proven",
            who=who,
            name=bound.path.name,
            proven=bound.proven,
            count=len(lines),
        )
        self._note(Line(evidence.now, _ABOUT, text, False))
        return bound
