"""Entry point of `tradeai` and `python -m app.cli`."""

import contextlib
import sys
from pathlib import Path

from pydantic import ValidationError


def main() -> None:
    """Run the command; a setting that makes no sense is one sentence, not a traceback."""
    _spare_the_service()
    try:
        from app.cli.app import tradeai  # reads the settings
    except ValidationError as error:
        for wrong in error.errors():
            name = "_".join(str(part) for part in wrong["loc"]).upper()
            print(f"The setting TRADEAI_{name} is wrong: {wrong['msg']}. Correct it in .env.", file=sys.stderr)
        raise SystemExit(2) from None
    tradeai(prog_name="tradeai")


def _spare_the_service() -> None:
    """Commands run in a service's container: when its memory runs out, the kernel ends them before the service."""
    with contextlib.suppress(OSError):  # elsewhere than on Linux, or where it is not allowed
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


if __name__ == "__main__":
    main()
