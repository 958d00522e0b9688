"""What is the same of every request, whichever way it is answered."""

from __future__ import annotations

import re

SLOW_SECONDS = 1.0  # an answer that took as long has a line in the log
REQUEST_ID = re.compile(r"^[A-Za-z0-9_.\-]{1,64}$")
