"""Which notices a person has seen: one small set a person in Redis, beside the jobs that it is about.

Losing it costs nobody anything but a number at the bell, so it needs no place in the database.
"""

from collections.abc import Iterable

from app.core.redis import client

KEPT_SECONDS = 90 * 24 * 3600


def key(user_id: str) -> str:
    """Where the marks of `user_id` are."""
    return f"notices:seen:{user_id}"


def seen_by(user_id: str) -> frozenset[str]:
    """The marks of what `user_id` has seen; raises RedisError."""
    return frozenset(client().smembers(key(user_id)))


def remember(user_id: str, marks: Iterable[str]) -> None:
    """From now on exactly `marks` are seen: what is not shown any more is forgotten. Raises RedisError."""
    listed = sorted(marks)
    pipe = client().pipeline(transaction=True)
    pipe.delete(key(user_id))
    if listed:
        pipe.sadd(key(user_id), *listed)
        pipe.expire(key(user_id), KEPT_SECONDS)
    pipe.execute()
