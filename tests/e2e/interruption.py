"""Cuts a run of deploy.sh short at a chosen moment, as Ctrl-C or a power cut would."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.appliance import wait_until


def cut_short(
    folder: Path,
    moment: str,
    how: signal.Signals,
    *options: str,
    until: Callable[[], object] = lambda: True,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run deploy.sh in `folder` to the heading `moment`, wait for `until`, end it and all it started; what it said."""
    process = subprocess.Popen(
        ["./deploy.sh", "--yes", *options],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # As at a terminal: a run in the background ignores Ctrl-C, and what it starts would, too.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.strip() == moment:
            break
    try:
        assert "".join(said[-1:]).strip() == moment, f"it never came to {moment}: {''.join(said)[-3000:]}"
        wait_until(until, 180, f"at {moment} nothing happened")
        assert process.poll() is None, f"it was over before it could be cut short at {moment}"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, how)
        said.append(process.stdout.read())
    assert process.wait(60) != 0
    return "".join(said)
