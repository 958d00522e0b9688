"""Write what was measured: `python -m tests.recovery docs/recovery.md`."""

import json
import sys
from pathlib import Path

from tests.recovery.report import MEASURED, page

if __name__ == "__main__":
    if not MEASURED.exists():
        sys.exit("Nothing was measured yet: scripts/test.sh --only recovery")
    Path(sys.argv[1]).write_text(page(json.loads(MEASURED.read_text())))
