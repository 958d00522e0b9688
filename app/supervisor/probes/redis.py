"""Asks Redis for a PONG, signed in, in its own protocol: two lines, where the client library costs 30 MB of memory."""

import socket
from collections.abc import Callable

from app.supervisor.probes.answer import OK, Answer, Probe, refused, silent
from app.supervisor.state import Outcome


def redis_probe(host: str, port: int, password: Callable[[], str]) -> Probe:
    """A probe of the Redis at `host`; the password is read each time, so that a changed one needs no restart."""

    def ask(seconds: float) -> Answer:
        secret = password().encode()
        try:
            with socket.create_connection((host, port), seconds) as connection:
                connection.sendall(b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%b\r\n*1\r\n$4\r\nPING\r\n" % (len(secret), secret))
                with connection.makefile("rb") as lines:
                    return judge_reply(lines.readline(200), lines.readline(200))
        except OSError as error:
            return refused(host, error, seconds)

    return ask


def judge_reply(auth: bytes, ping: bytes) -> Answer:
    """The verdict on the two reply lines."""
    if ping.startswith(b"+PONG"):
        return OK
    said = (ping or auth).decode("ascii", "replace").strip().lstrip("-")
    if auth.startswith(b"-WRONGPASS"):
        return Answer(Outcome.UNREADY, "Redis does not accept the password of this appliance")
    if not said:
        return silent("closed the connection")
    return Answer(Outcome.UNREADY, said, recovering=said.startswith("LOADING"))  # or MISCONF, too many clients
