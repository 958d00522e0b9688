"""What the container `backup` is told from outside."""

from pathlib import Path

from app.backup.drill import Throwaway
from app.backup.dump import Source
from app.backup.fingerprint import fingerprint
from app.backup.offsite import Elsewhere
from app.backup.reading import SecondBackend
from app.backup.restore import Target
from app.backup.server import Server
from app.backup.shelf import Shelf
from app.core import migrations
from app.core.settings import Settings


class Configuration(Settings):
    """Environment variables `TRADEAI_*`, as all settings."""

    service: str = "backup"
    backup_dir: Path = Path("/var/lib/tradeai/backups")
    backup_user: str = "backup"
    tools_dir: Path | None = Path("/opt/mongo-tools")
    drill_host: str = "drill"
    drill_dir: Path = Path("/var/lib/tradeai/drill")
    offsite: str = ""  # a folder or an rclone remote with its path, "" for none
    offsite_recipient: str = ""  # an age public key
    door: str = "http://nginx:8080"
    rclone_config: Path = Path("/etc/tradeai/rclone/rclone.conf")

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.backup_dir)

    @property
    def source(self) -> Source:
        return Source(self._server(self.mongo_host), self.mongo_database, fingerprint(self._read))

    @property
    def target(self) -> Target:
        known = migrations.known()
        return Target(self.source, self._read, known[-1].number if known else 0)

    @property
    def throwaway(self) -> Throwaway:
        return Throwaway(self._server(self.drill_host), self.drill_dir / "wanted")

    @property
    def second_backend(self) -> SecondBackend:
        return SecondBackend(self._read, self.target.newest_migration)

    @property
    def elsewhere(self) -> Elsewhere:
        return Elsewhere(self.offsite, self.offsite_recipient, self.rclone_config)

    def _server(self, host: str) -> Server:
        password = self.secret("mongo_backup_password")
        slow = self.mongo_slow_milliseconds
        return Server(host, self.mongo_port, self.backup_user, password, self.tools_dir, slow_milliseconds=slow)

    def _read(self, name: str) -> str:
        return self.secret(name).get_secret_value()
