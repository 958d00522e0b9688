"""Whether the chain of the audit trail holds, by what its checks said: pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from app.supervisor.events import Measured


@dataclass(frozen=True)
class AuditVerdict:
    """`by_whole`: the break was found by a check of the whole chain, which only another such check can take back."""

    broken: bool = False
    by_whole: bool = False
    at: str = ""
    reason: str = ""

    def after(self, facts: Mapping[str, Any], at: datetime) -> "AuditVerdict":
        """The verdict after a check that said `facts` (ok, whole, reason)."""
        whole, moment = bool(facts.get("whole")), at.isoformat(timespec="seconds")
        if not facts.get("ok"):
            return AuditVerdict(True, whole or self.by_whole, moment, str(facts.get("reason", ""))[:300])
        if self.broken and self.by_whole and not whole:
            return self
        return replace(AuditVerdict(), at=moment)

    def measured(self) -> Measured:
        """`audit_chain_broken`: 1 while it is, else 0."""
        if self.broken:
            return Measured("audit_chain_broken", 1, detail=f"{self.reason} (found {self.at})")
        detail = (
            f"the chain held at the last check ({self.at})" if self.at else "not checked yet since this supervisor was set up"
        )
        return Measured("audit_chain_broken", 0, detail=detail)

    def as_text(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_text(cls, text: str) -> "AuditVerdict":
        """What `as_text` wrote; a fresh one for anything else."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return cls()
