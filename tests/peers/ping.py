"""Whether MongoDB at an address answers within two seconds, as an exit code, for keepers that run programs: `ping.py ADDRESS`."""

import sys

from app.supervisor.probes.mongodb import mongodb_probe
from app.supervisor.state import Outcome

if __name__ == "__main__":
    sys.exit(mongodb_probe(sys.argv[1], 27017)(2).outcome is not Outcome.OK)
