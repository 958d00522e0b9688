"""One message through Apprise in a process of its own: read as JSON on standard input, the outcome as JSON on standard output.

Apprise takes seconds and 27 MB to load, which the keeper cannot spare (docs/decisions/0086).
"""

import json
import logging
import sys


class _Heard(logging.Handler):
    """Keeps the last complaint: Apprise itself says only whether it worked."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()


def main() -> None:
    """`{"url", "title", "body", "type"}` in; `{"outcome": "sent" | "unknown" | "failed", "error"}` out."""
    import apprise

    order = json.load(sys.stdin)
    heard = _Heard(logging.WARNING)
    logging.getLogger("apprise").addHandler(heard)
    sender = apprise.Apprise()
    if not sender.add(order["url"]):
        outcome = "unknown"
    else:
        worked = sender.notify(body=order["body"], title=order["title"], notify_type=order["type"])
        outcome = "sent" if worked else "failed"
    json.dump({"outcome": outcome, "error": heard.last}, sys.stdout)


if __name__ == "__main__":
    main()
