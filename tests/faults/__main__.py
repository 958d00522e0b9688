"""Write the table of what was measured: `python -m tests.faults docs/faults.md`."""

import sys
from pathlib import Path

from tests.faults.families import ALL
from tests.faults.report import page, read

if __name__ == "__main__":
    measured = read()
    if not measured:
        sys.exit("Nothing was measured yet: scripts/test.sh --only faults")
    Path(sys.argv[1]).write_text(page(measured, ALL))
