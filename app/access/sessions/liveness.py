"""Whether an access token still counts: one Redis read, the database only when Redis does not know.

Two keys: `access:user:<id>` holds the token version of an active user (`-` for a deactivated one), `access:session:<id>` is
`1` while the session is open. Whoever changes a user or ends a session writes the database first and then these keys.
"""

import time

from redis.exceptions import RedisError

from app.access.sessions import store as sessions
from app.access.users import store as users
from app.core.clock import now
from app.core.errors import Unauthenticated
from app.core.logging import get_logger
from app.core.redis import client

KEPT_SECONDS = 300
_LOCAL_SECONDS = 2.0
_LOCAL_MOST = 5000
_TELL_SECONDS = 5.0
_INACTIVE, _OPEN, _ENDED = "-", "1", "0"

log = get_logger(__name__)
_local: dict[tuple[str, str], tuple[float, str, str]] = {}


def user_key(user_id: str) -> str:
    """Where Redis keeps the user's token version."""
    return f"access:user:{user_id}"


def session_key(session_id: str) -> str:
    """Where Redis keeps whether the session is open."""
    return f"access:session:{session_id}"


def check(user_id: str, token_version: int, session_id: str, known: list[str | None] | None) -> None:
    """Raise Unauthenticated unless user and session still count.

    `known` is what Redis answered for (user_key, session_key), None when Redis is away.
    """
    version: str | None
    open_: str | None
    if known is None:
        version, open_ = _from_database_for_a_moment(user_id, session_id)
    else:
        version, open_ = known[0], known[1] if session_id else _OPEN
        version = version if version is not None else _load_user(user_id)
        open_ = open_ if open_ is not None else _load_session(session_id)
    if version == _INACTIVE:
        raise Unauthenticated("This account is not active (any more). Ask an administrator.")
    if version != str(token_version) or open_ != _OPEN:
        raise Unauthenticated("This session has ended. Sign in again.")


def counts(token_version: int, session_id: str, known: list[str | None]) -> bool:
    """Whether what Redis knows is enough to say that user and session still count; else `check` finds out why not."""
    return known[0] == str(token_version) and (known[1] == _OPEN or not session_id)


def _load_user(user_id: str) -> str:
    version = _user_version(user_id)
    _keep(user_key(user_id), version)
    return version


def _load_session(session_id: str) -> str:
    state = _session_state(session_id)
    _keep(session_key(session_id), state)
    return state


def _keep(key: str, value: str) -> None:
    """Only if absent: a change that happened since we read the database has already written the newer value."""
    try:
        client().set(key, value, ex=KEPT_SECONDS, nx=True)
    except RedisError as error:
        log.warning("liveness not kept", error=str(error))


def _user_version(user_id: str) -> str:
    user = users.find(user_id)
    return str(user.token_version) if user and user.active else _INACTIVE


def _session_state(session_id: str) -> str:
    session = sessions.session(session_id)
    return _OPEN if session and session.ended_at is None and session.expires_at > now() else _ENDED


def _from_database_for_a_moment(user_id: str, session_id: str) -> tuple[str, str]:
    """Redis is away: ask the database, and not for every request of the same session."""
    held = _local.get((user_id, session_id))
    if held and held[0] > time.monotonic():
        return held[1], held[2]
    version = _user_version(user_id)
    state = _session_state(session_id) if session_id else _OPEN
    if len(_local) >= _LOCAL_MOST:
        _local.clear()
    _local[(user_id, session_id)] = (time.monotonic() + _LOCAL_SECONDS, version, state)
    return version, state


def user_changed(user_id: str, token_version: int, active: bool) -> None:
    """Tell every process at once which tokens of this user count from now on."""
    _tell(user_key(user_id), str(token_version) if active else _INACTIVE)


def session_ended(session_id: str) -> None:
    """Tell every process at once that this session is over."""
    _tell(session_key(session_id), _ENDED)


def _tell(key: str, value: str) -> None:
    _local.clear()
    deadline = time.monotonic() + _TELL_SECONDS
    while True:
        try:
            client().set(key, value, ex=KEPT_SECONDS)
        except RedisError as error:
            if time.monotonic() >= deadline:
                # While Redis is away everyone asks the database; what it kept from before expires by itself.
                log.error("Redis was not told of an ended session", key=key, error=str(error), seconds_at_most=KEPT_SECONDS)
                return
            time.sleep(0.25)
        else:
            return
