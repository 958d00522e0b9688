"""Sign-ins that failed at the supervisor's own pages and API: nobody else sees them."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from app.core.i18n import _, ngettext
from app.supervisor.events import Measured
from app.supervisor.measures.source import Source

SECONDS = 5.0
SUBJECT = "supervisor"
_NAMED = 5


def figure(addresses: Sequence[str]) -> Measured:
    """`failed_sign_ins_10m` of the supervisor, from the address of each try that failed within ten minutes. Pure."""
    count = len(addresses)
    detail = ""
    if addresses:
        named = ", ".join(address for address, _times in Counter(addresses).most_common(_NAMED))
        text = ngettext(
            "{count} sign-in to the supervisor failed in 10 minutes",
            "{count} sign-ins to the supervisor failed in 10 minutes",
            count,
        )
        detail = _("{text}, from {addresses}", text=text, addresses=named)
    return Measured("failed_sign_ins_10m", count, SUBJECT, detail)


def source(tries: Callable[[], Sequence[str]]) -> Source:
    """The source."""

    def read() -> Iterable[Measured]:
        yield figure(tries())

    return Source("sign-ins to the supervisor", SECONDS, read)
