"""The deploy scripts' functions, called one by one in a bash of their own, with faked facts about the machine."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_SOURCES = [
    *(f"scripts/lib/{name}.sh" for name in ("log", "apt", "dotenv", "elsewhere")),
    *(
        f"scripts/deploy/{name}.sh"
        for name in (
            "options",
            "preflight",
            "engine",
            "registry",
            "debian",
            "images",
            "keys",
            "trust",
            "configuration",
            "start",
            "database",
            "copies",
            "recovery",
            "administrator",
            "duties",
            "summary",
        )
    ),
]

Bash = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def bash(tmp_path: Path) -> Bash:
    """`bash("check_memory 100", MEMINFO=...)`: runs the lines after loading all deploy scripts, in an empty folder."""
    (tmp_path / "state").mkdir()

    def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        loads = "\n".join(f'. "{ROOT}/{source}"' for source in _SOURCES)
        prelude = f'set -euo pipefail\nROOT="{ROOT}"\nSTATE="{tmp_path}/state"\nDEPLOY_LOG="{tmp_path}/state/log"\n'
        return subprocess.run(
            ["bash", "-c", f"{prelude}{loads}\n{script}"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return run
