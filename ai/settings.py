"""What the service may be told from outside: TRADEAI_* variables and secret files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_SECRETS = "/run/secrets"


class MissingSecret(Exception):
    """A secret file is not there; the message names it and the remedy."""


@dataclass(frozen=True)
class Settings:
    """Where the sales are, where models live, and the limits of a request."""

    mongo_host: str = "mongodb"
    mongo_port: int = 27017
    mongo_user: str = "ai"
    mongo_password: str = ""
    mongo_auth_source: str = "admin"
    mongo_database: str = "tradeai"
    mongo_timeout_seconds: float = 5.0
    mongo_slow_milliseconds: int = 100  # longer calls are logged; 0: none is
    models_dir: Path = Path("/models")
    log_level: str = "INFO"
    body_limit_bytes: int = 8 * 1024 * 1024

    def __repr__(self) -> str:
        return f"Settings({self.mongo_user}@{self.mongo_host}:{self.mongo_port}/{self.mongo_database})"


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; raises MissingSecret or ValueError."""
    env = os.environ if environment is None else environment
    user = env.get("TRADEAI_MONGO_USER", Settings.mongo_user)
    password = ""
    if user:
        secret = Path(env.get("TRADEAI_SECRETS_DIR", DEFAULT_SECRETS)) / "mongo_ai_password"
        try:
            password = secret.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise MissingSecret(f"{secret} cannot be read: mount the secret mongo_ai_password ({error})") from error
    return Settings(
        mongo_host=env.get("TRADEAI_MONGO_HOST", Settings.mongo_host),
        mongo_port=int(env.get("TRADEAI_MONGO_PORT", Settings.mongo_port)),
        mongo_user=user,
        mongo_password=password,
        mongo_auth_source=env.get("TRADEAI_MONGO_AUTH_SOURCE", Settings.mongo_auth_source),
        mongo_database=env.get("TRADEAI_MONGO_DATABASE", Settings.mongo_database),
        mongo_slow_milliseconds=int(env.get("TRADEAI_MONGO_SLOW_MILLISECONDS", Settings.mongo_slow_milliseconds)),
        models_dir=Path(env.get("TRADEAI_MODELS_DIR", str(Settings.models_dir))),
        log_level=env.get("TRADEAI_LOG_LEVEL", Settings.log_level),
    )
