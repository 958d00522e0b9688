"""The sessions and refresh_tokens collections; both forget by themselves what has expired."""

from datetime import datetime

from app.access.sessions.rules import RefreshToken, Session
from app.core.mongo import Document, Index, database

SESSIONS, TOKENS = "sessions", "refresh_tokens"

INDEXES = [
    Index(SESSIONS, (("user_id", 1), ("ended_at", 1))),
    Index(SESSIONS, (("expires_at", 1),), options={"expireAfterSeconds": 0}),
    Index(TOKENS, (("expires_at", 1),), options={"expireAfterSeconds": 0}),
]


def open_session(session: Session, token: RefreshToken) -> None:
    """Store a new session with its first refresh token."""
    database()[SESSIONS].insert_one(
        {
            "_id": session.id,
            "user_id": session.user_id,
            "token_version": session.token_version,
            "created_at": session.created_at,
            "expires_at": session.expires_at,
            "ended_at": None,
            "ended_because": None,
            "address": session.address,
            "agent": session.agent,
        }
    )
    add_token(token)


def session(session_id: str) -> Session | None:
    """One session."""
    found = database()[SESSIONS].find_one({"_id": session_id})
    return _session(found) if found else None


def _session(found: Document) -> Session:
    return Session(
        id=found["_id"],
        user_id=found["user_id"],
        token_version=found["token_version"],
        created_at=found["created_at"],
        expires_at=found["expires_at"],
        ended_at=found["ended_at"],
        address=found.get("address", ""),
        agent=found.get("agent", ""),
    )


def end(session_id: str, at: datetime, because: str) -> bool:
    """End one session; False when it had ended before."""
    changed = database()[SESSIONS].update_one(
        {"_id": session_id, "ended_at": None}, {"$set": {"ended_at": at, "ended_because": because}}
    )
    return changed.modified_count == 1


def end_all(user_id: str, at: datetime, because: str, but: str = "") -> int:
    """End every open session of a user (but one); returns how many."""
    changed = database()[SESSIONS].update_many(
        {"user_id": user_id, "ended_at": None, "_id": {"$ne": but}}, {"$set": {"ended_at": at, "ended_because": because}}
    )
    return changed.modified_count


def renew(session_id: str, token_version: int) -> None:
    """Carry one session over to a new token version of its user (the person changed the own password in it)."""
    database()[SESSIONS].update_one({"_id": session_id}, {"$set": {"token_version": token_version}})


def token(hash_: str) -> RefreshToken | None:
    """One refresh token by its hash."""
    found = database()[TOKENS].find_one({"_id": hash_})
    return RefreshToken(found["_id"], found["session_id"], found["expires_at"], found["used_at"]) if found else None


def claim(hash_: str, at: datetime) -> bool:
    """Mark a token used; True for exactly one caller."""
    return database()[TOKENS].update_one({"_id": hash_, "used_at": None}, {"$set": {"used_at": at}}).modified_count == 1


def add_token(new: RefreshToken) -> None:
    """Store a refresh token; storing it twice changes nothing."""
    database()[TOKENS].update_one(
        {"_id": new.hash},
        {"$setOnInsert": {"session_id": new.session_id, "expires_at": new.expires_at, "used_at": new.used_at}},
        upsert=True,
    )
