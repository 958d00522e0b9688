"""A second backend for one moment: whether the restored database answers a signed-in person, as it must after a real restore.

It is a process of its own (`python -m app.backup.reading`) that reads the throwaway database. Redis is nowhere for it, as a
backend can do without: nothing live is touched.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.backup.errors import DrillFailed
from app.backup.fingerprint import Read
from app.backup.manifest import Manifest
from app.backup.server import Server, start
from app.core.i18n import _

PATHS = ("/api/v1/customers?limit=1", "/api/v1/products?limit=1", "/api/v1/sales?limit=1")
_RESULT = "RESULT "
_NEEDED_MB = 400
_SECONDS = 120.0
_KILLED = -9  # by the kernel, when the container's memory was not enough after all


@dataclass(frozen=True)
class SecondBackend:
    """`read_secret` gives this appliance's keys, `newest_migration` is what its code knows."""

    read_secret: Read
    newest_migration: int
    free_mb: Callable[[], int] = lambda: free_memory_mb(Path("/proc/meminfo").read_text())

    def read(self, server: Server, manifest: Manifest) -> str:
        """What was read, in a sentence that also says why nothing was. Raises DrillFailed when an answer is not as it must be."""
        if manifest.migration != self.newest_migration:
            return _("No second backend read it: it is of an older version, which a restore brings up to date first.")
        if self.free_mb() < _NEEDED_MB:
            return _("No second backend read it: the machine has less than {needed} MB free.", needed=_NEEDED_MB)
        with tempfile.TemporaryDirectory(prefix="second-") as secrets:
            self._lay_out(Path(secrets), server)
            return judged(*_run(secrets, server, manifest))

    def _lay_out(self, folder: Path, server: Server) -> None:
        """The secrets of a backend that signs in to the throwaway database as we do."""
        values = {"mongo_app_password": server.password.get_secret_value(), "redis_password": "of nobody"}
        for name in ("secret_key", "jwt_keys"):
            values[name] = self.read_secret(name)
        for name, value in values.items():
            (folder / name).touch(mode=0o600)
            (folder / name).write_text(value)


def judged(code: int, said: str, words: str) -> str:
    """The sentence for what the process said. Pure. Raises DrillFailed."""
    found = next((json.loads(line.removeprefix(_RESULT)) for line in said.splitlines() if line.startswith(_RESULT)), None)
    if code == _KILLED:
        return _("No second backend read it: there was not enough memory for one.")
    if found is None:
        last = next(filter(None, reversed(words.strip().splitlines())), "")
        raise DrillFailed(_("A backend could not be started with the restored data: {reason}", reason=last[:300] or code))
    if not found:
        return _("No second backend read it: nobody in it is an active administrator.")
    wrong = {path: status for path, status in found.items() if status != 200}
    if wrong:
        path, status = next(iter(wrong.items()))
        raise DrillFailed(_("A backend with the restored data answers {path} with {status}.", path=path, status=status))
    return _("A second backend read it for a signed-in administrator: {count} answers.", count=len(found))


def free_memory_mb(meminfo: str) -> int:
    """What is available, from the text of /proc/meminfo."""
    return next((int(line.split()[1]) // 1024 for line in meminfo.splitlines() if line.startswith("MemAvailable:")), 0)


def _run(secrets: str, server: Server, manifest: Manifest) -> tuple[int, str, str]:
    environment = os.environ | {
        "TRADEAI_SECRETS_DIR": secrets,
        "TRADEAI_SERVICE": "drill",
        "TRADEAI_LOG_DIR": "",
        "TRADEAI_LOG_LEVEL": "CRITICAL",
        "TRADEAI_CACHE": "off",
        "TRADEAI_MONGO_HOST": server.host,
        "TRADEAI_MONGO_PORT": str(server.port),
        "TRADEAI_MONGO_USER": server.user,
        "TRADEAI_MONGO_DATABASE": manifest.database,
        "TRADEAI_REDIS_HOST": "127.0.0.1",
        "TRADEAI_REDIS_PORT": "1",
    }
    process = start([sys.executable, "-m", "app.backup.reading"], env=environment, stdout=subprocess.PIPE)
    try:
        said, words = process.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired as error:
        text = _("A backend with the restored data did not answer within {seconds} s.", seconds=int(_SECONDS))
        raise DrillFailed(text) from error
    finally:
        process.kill()
        process.wait()
    return process.returncode, said.decode(errors="replace"), words.decode(errors="replace")


def _answers() -> dict[str, int]:
    """The status of every path, asked as the first active administrator; {} when there is none."""

    from app.access.tokens import access_token_for
    from app.access.users.store import COLLECTION, from_document
    from app.core.mongo import database
    from app.web.main import create_app

    document: dict[str, Any] | None = database()[COLLECTION].find_one({"role": "administrator", "active": True})
    if document is None:
        return {}
    person = replace(from_document(document), must_change_password=False)
    headers = {"Authorization": f"Bearer {access_token_for(person)}"}
    client = create_app().test_client()
    return {path: client.get(path, headers=headers, base_url="https://localhost").status_code for path in PATHS}


if __name__ == "__main__":
    print(_RESULT + json.dumps(_answers()))
