"""The press: has the sealed file made and checked by a process of its own, with the key from the supervisor's state."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import app
from app.core.errors import Unavailable
from app.core.i18n import _
from app.core.logging import get_logger
from app.supervisor.handover.checklist import Line
from app.supervisor.handover.document import Document

_MODULE = "app.supervisor.handover.press_process"
_ROOT = Path(app.__file__).parent.parent
_SECONDS = 120  # on a busy host

log = get_logger(__name__)


class Press:
    """`seed` gives the 32 secret bytes of the key. Raises Unavailable, by every method, when the process cannot do it."""

    def __init__(self, seed: Callable[[], bytes]) -> None:
        self._seed = seed
        self._key: dict[str, str] = {}

    def press(self, document: Document, lines: Sequence[Line], made: Mapping[str, str]) -> bytes:
        """The sealed zip file."""
        checklist = [asdict(line) for line in lines]
        return self._run("press", document=document.as_dict(), checklist=checklist, made=dict(made))

    def check(self, packed: bytes) -> dict[str, Any]:
        """`good`, `text` and `seal`, as `Judgement` has them."""
        return dict(json.loads(self._run("check", file=base64.b64encode(packed).decode())))

    def key(self) -> Mapping[str, str]:
        """The `public` key (hex) and its `fingerprint`; worked out once."""
        if not self._key:
            self._key = dict(json.loads(self._run("key")))
        return self._key

    def _run(self, work: str, **order: Any) -> bytes:
        try:
            done = subprocess.run(
                [sys.executable, "-m", _MODULE],
                input=json.dumps({"work": work, "seed": self._seed().hex(), **order}).encode(),
                capture_output=True,
                timeout=_SECONDS,
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
                check=True,
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(
                _("The report was not made within {count} s; try again when the host is idle.", count=_SECONDS)
            ) from error
        except subprocess.CalledProcessError as error:
            log.error("the press of the handover report failed", work=work, error=error.stderr.decode(errors="replace")[-2000:])
            raise Unavailable(
                _("The report could not be made; the supervisor's log says why: docker compose logs supervisor")
            ) from error
        except OSError as error:
            raise Unavailable(_("The report could not be made: {reason}", reason=str(error))) from error
        return done.stdout
