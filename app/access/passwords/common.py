"""The list of common passwords, read once."""

import functools
from pathlib import Path


@functools.lru_cache(maxsize=1)
def common() -> frozenset[str]:
    """Case-folded common passwords; see README.md beside this file for where they come from."""
    return frozenset((Path(__file__).parent / "common.txt").read_text(encoding="utf-8").splitlines())
