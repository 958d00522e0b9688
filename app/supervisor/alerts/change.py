"""What happened to one alert: the value that listeners (incidents, metrics) are given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class AlertChange:
    """One step of one alert.

    `was` and `now` are among ok, pending, firing, acknowledged, resolved. `alert_id` is the same from pending to resolved and new
    for the next time. `cause` names the root (a service, "host" or the rule itself): alerts of one failure share it.
    `by` and `reason` are filled for what a person did.
    """

    alert_id: str
    rule: str
    subject: str
    priority: str
    was: str
    now: str
    at: datetime
    cause: str
    detail: str
    by: str = ""
    reason: str = ""


Listener = Callable[[Sequence[AlertChange]], None]
