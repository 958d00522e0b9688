"""How a channel gets its words: the settings may change the rules and the public address while it stands."""

from typing import Protocol

from app.supervisor.alerts.grouping import Message
from app.supervisor.alerts.wording import Wording


class Words(Protocol):
    """A message in words."""

    def __call__(self, message: Message) -> Wording: ...
