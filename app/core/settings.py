"""Settings of one process: environment variables `TRADEAI_*` for choices, files under /run/secrets for secrets."""

import functools
import os
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_SECRETS_DIR = Path(os.environ.get("TRADEAI_SECRETS_DIR", "/run/secrets"))


class Settings(BaseSettings):
    """Everything a process may be told from outside; unknown names are ignored, wrong values refuse the start."""

    model_config = SettingsConfigDict(env_prefix="TRADEAI_", extra="ignore", frozen=True)

    service: str = "cli"
    environment: Literal["production", "development", "test"] = "production"
    version: str = ""

    mongo_host: str = "mongodb"
    mongo_port: int = 27017
    mongo_user: str = "tradeai"
    mongo_auth_source: str = "admin"
    mongo_database: str = "tradeai"
    mongo_timeout_seconds: float = 5.0
    mongo_slow_milliseconds: int = Field(100, ge=0)  # longer calls are logged; 0: none is

    redis_host: str = "redis"
    redis_port: int = 6379
    redis_database: int = 0

    ai_url: str = "http://ai:8000"
    realtime_url: str = "http://realtime:8765"
    backend_url: str = "http://backend:5000"
    supervisor_url: str = "http://supervisor:8080"

    log_dir: Path | None = None
    log_level: str = "INFO"

    currency: str = Field("USD", pattern="^[A-Z]{3}$")
    timezone: str = "UTC"
    locale: str = "en"
    http: Literal["redirect", "trusted"] = "redirect"
    cache: Literal["on", "off"] = "on"
    hourly_requests: int = Field(10_000, gt=0)
    upload_limit_bytes: int = 50 * 1024 * 1024
    price_cut_threshold: Decimal = Decimal("0.05")

    worker_consumers: int = Field(2, ge=1, le=16)
    worker_grace_seconds: float = Field(20, ge=0)
    worker_port: int = 5001
    realtime_port: int = 8765
    realtime_sockets: int = Field(4000, ge=1)
    realtime_origins: str = ""

    @field_validator("log_dir", mode="before")
    @classmethod
    def _none_when_empty(cls, value: object) -> object:
        return value or None  # Compose cannot leave a variable out, only empty

    @property
    def secure_cookies(self) -> bool:
        """Cookies travel only under TLS unless the operator declared the network trusted."""
        return self.http != "trusted"

    def secret(self, name: str) -> SecretStr:
        """The secret `name` from its file; raises MissingSecret naming the file and the remedy."""
        return read_secret(name)


class MissingSecret(RuntimeError):
    """A secret file is absent or empty; deploy.sh writes it again."""


def read_secret(name: str, folder: Path | None = None) -> SecretStr:
    """Read one secret file, without its trailing newline."""
    path = (folder or _SECRETS_DIR) / name
    try:
        value = path.read_text().rstrip("\n")
    except OSError as error:
        raise MissingSecret(f"Secret file {path} cannot be read ({error.strerror}). Run ./deploy.sh again.") from error
    if not value:
        raise MissingSecret(f"Secret file {path} is empty. Run ./deploy.sh again.")
    return SecretStr(value)


@functools.lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
