"""A small application behind gunicorn with our configuration and workers, as a process of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def served(folder: Path, application: str, *options: str, **environment: str) -> Iterator[int]:
    """The port; `application` is the source of a module with `application` in it. At the end it must stop without a trace."""
    (folder / "small.py").write_text(application)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    where = (f"--bind=127.0.0.1:{port}", f"--pythonpath={folder}", "small:application")
    command = (sys.executable, "-m", "gunicorn", "--config=compose/gunicorn.conf.py", *options, *where)
    told = {**os.environ, "TRADEAI_LOG_DIR": str(folder), **environment}
    server = subprocess.Popen(command, cwd=ROOT, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _wait(port)
        yield port
    finally:
        server.terminate()
        said = server.communicate(timeout=30)[0].decode()
        assert server.returncode == 0, said
        assert "Traceback" not in said, said


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=60).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server does not answer")
