"""Opening, refreshing and ending sessions."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from app.access import keys, tokens
from app.access.audit.service import record
from app.access.models import Principal
from app.access.sessions import liveness, store
from app.access.sessions.rules import LONGEST_DAYS, RefreshToken, Session, Verdict, expiry, judge, successor, token_hash
from app.access.users import store as users
from app.access.users.models import User
from app.core.clock import now
from app.core.errors import Unauthenticated
from app.core.events import emit
from app.core.ids import new_id
from app.core.logging import get_logger
from app.core.security_events import Kind, report

_AGENT_MAX = 200

log = get_logger(__name__)


@dataclass(frozen=True)
class Opened:
    """What a client gets: an access token, the refresh token that follows, and whose they are."""

    user: User
    session_id: str
    access_token: str
    refresh_token: str
    refresh_seconds: int


def start(user: User, address: str = "", agent: str = "") -> Opened:
    """A new session for a person whose password was just verified."""
    at = now()
    session = Session(
        id=new_id("session"),
        user_id=user.user_id,
        token_version=user.token_version,
        created_at=at,
        expires_at=at + timedelta(days=LONGEST_DAYS),
        address=address,
        agent=agent[:_AGENT_MAX],
    )
    raw = secrets.token_urlsafe(32)
    store.open_session(session, RefreshToken(token_hash(raw), session.id, expiry(session, at)))
    return _opened(user, session, raw)


def refresh(raw: str) -> Opened:
    """A new pair for a refresh token, which is used up by it. Raises Unauthenticated; a reused token ends its session."""
    at = now()
    token = store.token(token_hash(raw))
    session = store.session(token.session_id) if token else None
    user = users.find(session.user_id) if session else None
    if token is None or session is None or user is None:
        raise Unauthenticated("The refresh token is not known (any more). Sign in again.")
    following = successor(raw, keys.derived("refresh"))
    used = token.used_at is not None
    verdict = judge(token, session, used and store.token(token_hash(following)) is not None, at)
    if verdict is Verdict.REUSED:
        _revoke_family(user, session)
        raise Unauthenticated("This refresh token was used before, so the session was ended for safety. Sign in again.")
    if verdict is Verdict.ENDED or not user.active or session.token_version != user.token_version:
        raise Unauthenticated("This session has ended. Sign in again.")
    if verdict is Verdict.ROTATE:
        store.claim(token.hash, at)  # losing the claim means a parallel request was faster, and gets the same successor
    store.add_token(RefreshToken(token_hash(following), session.id, expiry(session, at)))
    return _opened(user, session, following)


def _opened(user: User, session: Session, raw: str) -> Opened:
    at = now()
    return Opened(
        user=user,
        session_id=session.id,
        access_token=tokens.access_token_for(user, session.id),
        refresh_token=raw,
        refresh_seconds=int((expiry(session, at) - at).total_seconds()),
    )


def _revoke_family(user: User, session: Session) -> None:
    if not store.end(session.id, now(), "refresh token reused"):
        return
    liveness.session_ended(session.id)
    log.warning("refresh token reused", user_id=user.user_id, session_id=session.id)
    record(user, "session.refresh_reused", "session", session.id, after={"user_id": user.user_id, "session": "ended"})
    report(Kind.REFRESH_REUSED, user.user_id, session_id=session.id)
    emit("security", "session.refresh_reused", {"user_id": user.user_id, "session_id": session.id}, user.user_id)
    emit("security", "session.ended", {"user_id": user.user_id, "session_id": session.id}, user.user_id)


def end(who: Principal, session_id: str) -> None:
    """Sign out: the session ends at once everywhere. Ending it twice changes nothing."""
    if store.end(session_id, now(), "signed out"):
        liveness.session_ended(session_id)
        record(who, "sign_out", "user", who.user_id, after={"session_id": session_id})
        emit("security", "session.ended", {"user_id": who.user_id, "session_id": session_id}, who.user_id)


def end_by_refresh_token(raw: str) -> None:
    """Sign out with a refresh token alone; unknown tokens change nothing."""
    token = store.token(token_hash(raw))
    session = store.session(token.session_id) if token else None
    user = users.find(session.user_id) if session else None
    if session and user:
        end(user, session.id)


def end_all(user: User, because: str, but: str = "") -> int:
    """End every session of `user` (but one) after its token version rose; returns how many were open."""
    ended = store.end_all(user.user_id, now(), because, but)
    liveness.user_changed(user.user_id, user.token_version, user.active)
    emit("security", "user.changed", {"user_id": user.user_id, "because": because, "kept": but}, user.user_id)
    return ended


def renew(user: User, session_id: str) -> Opened | None:
    """The same session with fresh tokens after its person changed the own password; None for tokens without a session."""
    session = store.session(session_id) if session_id else None
    if session is None:
        return None
    store.renew(session.id, user.token_version)
    raw = secrets.token_urlsafe(32)
    store.add_token(RefreshToken(token_hash(raw), session.id, expiry(session, now())))
    return _opened(user, session, raw)
