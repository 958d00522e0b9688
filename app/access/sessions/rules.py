"""What a refresh token allows at a moment: pure decisions, no storage, no clock."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

GRACE_SECONDS = 10
IDLE_DAYS = 7
LONGEST_DAYS = 30


class Verdict(StrEnum):
    """What to do with a refresh token that was presented."""

    ROTATE = "rotate"
    REPEAT = "repeat"
    REUSED = "reused"
    ENDED = "ended"


@dataclass(frozen=True)
class Session:
    """One sign-in on one device; its refresh tokens are its family."""

    id: str
    user_id: str
    token_version: int
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    address: str = ""
    agent: str = ""


@dataclass(frozen=True)
class RefreshToken:
    """One link of a family. `used_at` is set when its successor was given out."""

    hash: str
    session_id: str
    expires_at: datetime
    used_at: datetime | None = None


def judge(token: RefreshToken, session: Session, successor_exists: bool, at: datetime) -> Verdict:
    """ROTATE the first time; REPEAT within the grace of parallel requests, or when the successor was never stored
    (the server stopped between the two writes); REUSED later: somebody holds a copy; ENDED when nothing counts any more."""
    if session.ended_at is not None or at >= session.expires_at or at >= token.expires_at:
        return Verdict.ENDED
    if token.used_at is None:
        return Verdict.ROTATE
    if at - token.used_at <= timedelta(seconds=GRACE_SECONDS) or not successor_exists:
        return Verdict.REPEAT
    return Verdict.REUSED


def expiry(session: Session, at: datetime) -> datetime:
    """When a refresh token given out at `at` stops counting: idle for a week, and never beyond the session itself."""
    return min(at + timedelta(days=IDLE_DAYS), session.expires_at)


def token_hash(token: str) -> str:
    """How a refresh token is stored. It holds 256 random bits, so a plain hash cannot be reversed by guessing."""
    return hashlib.sha256(token.encode()).hexdigest()


def successor(token: str, key: bytes) -> str:
    """The token that replaces `token`: the same for every parallel request, and unknowable without the server's key."""
    return base64.urlsafe_b64encode(hmac.digest(key, token.encode(), hashlib.sha256)).decode().rstrip("=")
