"""What the worker does by the clock; one line each."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Schedule:
    """A job queued by the clock: `cron` as in crontab (UTC), `path`, `kwargs` and `title` as `enqueue` takes them."""

    id: str
    cron: str
    path: str
    title: str
    kwargs: dict[str, Any] = field(default_factory=dict)


SCHEDULES: tuple[Schedule, ...] = (
    Schedule("forget-uploads", "40 3 * * *", "app.trade.imports.work:forget_uploads", "Forgetting old uploaded files"),
    Schedule("look-at-drift", "27 5 * * *", "app.trade.models.work:look_at_drift", "Looking at drift of the models"),
    Schedule("verify-audit", "17 4 * * *", "app.access.audit.watch:verify_all", "Verifying the whole audit trail"),
    Schedule("verify-audit-newest", "47 * * * *", "app.access.audit.watch:verify_newest", "Verifying the newest audit entries"),
)
