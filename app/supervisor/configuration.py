"""What the supervisor is told from outside, beyond the settings that every process has."""

import functools
from pathlib import Path

from pydantic import Field

from app.core.settings import Settings


class Configuration(Settings):
    """Environment variables `TRADEAI_*`, as all settings."""

    service: str = "supervisor"
    project: str = Field("tradeai", pattern="^[a-z0-9][a-z0-9_-]*$")  # Compose's project: containers are <project>-<service>-1
    docker_url: str = "tcp://dockerproxy:2375"
    worker_url: str = "http://worker:5001"
    nginx_url: str = "http://nginx:8080"
    nginx_tls_port: int = 8443
    domain: str = ""  # the name people type, when there is one
    watched_dir: Path = Path("/srv/tradeai/watched")  # what must not change between two deployments, mounted read-only
    state_dir: Path = Path("/var/lib/tradeai/supervisor")
    backup_dir: Path = Path("/var/lib/tradeai/backups")
    listen: str = "0.0.0.0"  # noqa: S104 - inside its container; Compose publishes on 127.0.0.1 only
    pages_port: int = 8080
    metrics_port: int = 9090

    @property
    def disk_folders(self) -> dict[str, Path]:
        """What may lie on disks of their own, by the name of the disk; "" is that of Docker's volumes."""
        folders = {"": self.state_dir, "backups": self.backup_dir}
        return {**folders, "logs": self.log_dir} if self.log_dir is not None else folders


@functools.lru_cache(maxsize=1)
def configuration() -> Configuration:
    """The configuration of this process, read once."""
    return Configuration()
