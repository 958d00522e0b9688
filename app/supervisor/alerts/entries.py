"""The shape of `alerts.toml`: each section as a model that says what is allowed."""

import os
import re
from collections.abc import Iterator
from datetime import time, timedelta
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)

from app.supervisor.alerts.routing import Tier
from app.supervisor.alerts.rule import Priority
from app.supervisor.alerts.rules import BY_NAME

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=30)
_NAME = r"^[a-z0-9][a-z0-9_-]{0,39}$"


def _duration(value: Any) -> timedelta:
    text = str(value).strip()
    if not text or text[-1] not in _UNITS or not text[:-1].isascii() or not text[:-1].isdecimal():
        raise ValueError('write a whole number and a unit, as in "30s", "10m", "4h" or "2d"')
    length = timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]]) if len(text) < 9 else _LONGEST * 2
    if length > _LONGEST:
        raise ValueError("30 days (30d) is the longest")
    return length


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("write a whole address, beginning with https:// or http://")
    return value


def _known_rule(name: str) -> str:
    if name not in BY_NAME:
        raise ValueError(f"there is no such rule; the rules are {', '.join(BY_NAME)}")
    return name


class _Unreadable(str):
    """Stands for a secret whose file could not be read, so that the mistake is reported with all others."""


def _readable(value: Any) -> Any:
    if isinstance(value, _Unreadable):
        raise ValueError(str(value))
    return value


def _secret_address(value: SecretStr) -> SecretStr:
    _web_address(value.get_secret_value())
    return value


def _sender(value: str) -> str:
    name, address = parseaddr(value)
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address) or not value.isprintable():
        raise ValueError('write an address, as in tradeai@example.com or "TradeAI <tradeai@example.com>"')
    return formataddr((name, address))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError("there is no such time zone; write one as in Europe/Berlin or UTC") from error
    return value


def _between(least: timedelta, most: timedelta) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if not least <= value <= most:
            raise ValueError(f"between {int(least.total_seconds())}s and {int(most.total_seconds())}s are allowed")
        return value

    return AfterValidator(check)


Duration = Annotated[timedelta, BeforeValidator(_duration)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Secret = Annotated[SecretStr, BeforeValidator(_readable)]
SecretAddress = Annotated[Secret, AfterValidator(_secret_address)]
RuleName = Annotated[str, AfterValidator(_known_rule)]
Zone = Annotated[str, AfterValidator(_zone)]
Priorities = Annotated[frozenset[Priority], Field(min_length=1)]


class Section(BaseModel):
    """Unknown names are mistakes. A secret may stand in a file of its own: `password_file` for `password`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _from_files(cls, given: Any, info: ValidationInfo) -> Any:
        if not isinstance(given, dict):
            return given
        folder = info.context["folder"] if info.context else Path()
        return dict(_with_files(cls, given, folder))


def _with_files(section: type[BaseModel], given: dict[str, Any], folder: Path) -> Iterator[tuple[str, Any]]:
    for key, value in given.items():
        name = key.removesuffix("_file")
        if name == key or name not in section.model_fields or key in section.model_fields:
            yield key, value
        elif name in given:
            yield name, _Unreadable(f"give either {name} or {key}, not both")
        else:
            yield name, _content(folder / str(value))


def _content(path: Path) -> str:
    try:
        text = path.read_text().strip()
    except (OSError, ValueError) as error:
        return _Unreadable(f"{path} cannot be read ({getattr(error, 'strerror', None) or error})")
    return text or _Unreadable(f"{path} is empty")


class ChannelEntry(Section):
    """What every channel has."""

    name: Annotated[str, Field(pattern=_NAME)]
    tier: Tier = Tier.OPERATIONS
    priorities: Priorities = frozenset(Priority)
    timeout: Annotated[Duration, _between(timedelta(seconds=1), timedelta(seconds=60))] = timedelta(seconds=10)
    self_test: bool = True


class MailEntry(ChannelEntry):
    kind: Literal["mail"]
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str = ""
    password: Secret = SecretStr("")
    sender: Annotated[str, Field(alias="from"), AfterValidator(_sender)]
    to: Annotated[tuple[Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$")], ...], Field(min_length=1)]
    ca_file: Path | None = None

    @field_validator("ca_file")
    @classmethod
    def _is_there(cls, ca_file: Path | None, info: ValidationInfo) -> Path | None:
        if ca_file is None:
            return None
        path = (info.context["folder"] if info.context else Path()) / ca_file
        if not path.is_file():
            raise ValueError(f"there is no file {path}")
        return Path(path)

    @model_validator(mode="after")
    def _consistent(self) -> "MailEntry":
        if self.user and not self.password.get_secret_value():
            raise ValueError("a user needs a password or password_file")
        if self.security == "none" and self.user:
            raise ValueError('a password is not sent without TLS; set security to "starttls" or "tls"')
        return self


class SlackEntry(ChannelEntry):
    kind: Literal["slack"]
    url: SecretAddress


class PagerDutyEntry(ChannelEntry):
    kind: Literal["pagerduty"]
    routing_key: Annotated[Secret, Field(min_length=8)]
    url: WebAddress = "https://events.pagerduty.com/v2/enqueue"


class WebhookEntry(ChannelEntry):
    kind: Literal["webhook"]
    url: SecretAddress
    secret: Annotated[Secret, Field(min_length=16)]


class AppriseEntry(ChannelEntry):
    kind: Literal["apprise"]
    url: Secret

    @field_validator("url")
    @classmethod
    def _has_scheme(cls, url: SecretStr) -> SecretStr:
        if "://" not in url.get_secret_value():
            raise ValueError("write an Apprise address, as in twilio://... (https://github.com/caronc/apprise/wiki)")
        return url


AnyChannel = Annotated[MailEntry | SlackEntry | PagerDutyEntry | WebhookEntry | AppriseEntry, Field(discriminator="kind")]


class QuietEntry(Section):
    begin: Annotated[time, Field(alias="from")]
    end: Annotated[time, Field(alias="to")]
    priorities: Priorities = frozenset({Priority.P3, Priority.P4})
    timezone: Zone = Field(default_factory=lambda: os.environ.get("TRADEAI_TIMEZONE", "UTC"))

    @field_validator("begin", "end", mode="before")
    @classmethod
    def _clock_time(cls, value: Any) -> Any:
        if isinstance(value, time):
            return value
        try:
            return time.fromisoformat(str(value))
        except ValueError as error:
            raise ValueError('write a time of day, as in "22:00"') from error


class HeartbeatEntry(Section):
    url: SecretAddress
    every: Annotated[Duration, _between(timedelta(seconds=10), timedelta(days=1))] = timedelta(seconds=60)
    method: Literal["GET", "POST"] = "GET"


class ContactEntry(Section):
    tier: Tier
    name: Annotated[str, Field(min_length=1)]
    mail: str = ""
    phone: str = ""


class RuleEntry(Section):
    """What may be changed about a rule; what is not given stays."""

    off: bool = False
    threshold: float | None = None
    after: Duration | None = None
    calm: Duration | None = None
    priority: Priority | None = None
    channels: tuple[str, ...] | None = None
    runbook: WebAddress | None = None


class AlertFile(Section):
    """The whole file. An empty one is right: alerts then show on the pages only."""

    public_address: Annotated[str, AfterValidator(lambda value: value and _web_address(value))] = ""
    channel: tuple[AnyChannel, ...] = ()
    quiet_hours: QuietEntry | None = None
    heartbeat: HeartbeatEntry | None = None
    contact: tuple[ContactEntry, ...] = ()
    rules: dict[RuleName, RuleEntry] = {}

    @model_validator(mode="after")
    def _consistent(self) -> "AlertFile":
        names = [channel.name for channel in self.channel]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"channel: each needs a name of its own; used twice: {', '.join(twice)}")
        for rule, entry in self.rules.items():
            if unknown := set(entry.channels or ()) - set(names):
                raise ValueError(f"rules.{rule}.channels: there is no channel {', '.join(sorted(unknown))}")
        return self
