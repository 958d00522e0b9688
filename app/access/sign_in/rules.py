"""How failures turn into waiting, and where a person may be sent after signing in: pure decisions."""

import math
from urllib.parse import urlsplit

WINDOW_SECONDS = 10 * 60
ACCOUNT_FAILURES = 5
# Many people share an address (an office, a proxy), and only failures count, so this is above the account's.
ADDRESS_FAILURES = 30
FIRST_WAIT_SECONDS = 60
LONGEST_WAIT_SECONDS = 60 * 60
_PATH_MAX = 2000


def wait_seconds(failures: int, allowed: int) -> int:
    """How long nobody may try after the `failures`-th failure: nothing below `allowed`, then one minute, doubling to an hour."""
    beyond = failures - allowed
    if beyond < 0:
        return 0
    return min(FIRST_WAIT_SECONDS * 2 ** min(beyond, 16), LONGEST_WAIT_SECONDS)


def in_words(seconds: int) -> str:
    """`in 1 minute`, `in 12 minutes`; never less than is true."""
    minutes = max(1, math.ceil(seconds / 60))
    return "in 1 minute" if minutes == 1 else f"in {minutes} minutes"


def safe_next(target: str | None) -> str:
    """`target` when it is a path of this site, else the home page: a link cannot make us send people elsewhere."""
    if not target or len(target) > _PATH_MAX or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    if "\\" in target or any(ord(letter) <= 32 or ord(letter) == 127 for letter in target):
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or parts.path in {"/sign-in", "/sign-out"}:
        return "/"
    return target
