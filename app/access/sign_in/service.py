"""Signing in: count the attempt, compare the password in constant-like time, answer the same whatever was wrong."""

from app.access.audit.service import record
from app.access.models import Principal
from app.access.passwords import hashing
from app.access.passwords.common import common
from app.access.passwords.rules import fault
from app.access.sessions import service as sessions
from app.access.sessions.service import Opened
from app.access.sign_in import lockout
from app.access.sign_in.rules import in_words
from app.access.users import store as users
from app.access.users.models import EMAIL_MAX, User
from app.core.clock import now
from app.core.errors import FieldError, Invalid, TooManyRequests, Unauthenticated
from app.core.events import emit
from app.core.i18n import _
from app.core.logging import get_logger
from app.core.security_events import Kind, report

log = get_logger(__name__)


def sign_in(email: str, password: str, address: str, agent: str = "") -> Opened:
    """A session for the person, or Unauthenticated with the same words for a wrong address, a wrong password and a
    deactivated account; TooManyRequests while locked. Waits for a turn at hashing before it counts the attempt."""
    email = email[:EMAIL_MAX]
    with hashing.slot():
        attempt = lockout.reserve(email, address)
        if attempt.wait:
            report(Kind.SIGN_IN_REFUSED, f"unknown:{lockout.fingerprint(email)}", address=address)
            raise TooManyRequests(
                _("Too many failed attempts. Try again {when}.", when=in_words(attempt.wait)), retry_after=attempt.wait
            )
        user = users.by_email(email)
        right = hashing.verify_in_slot(user.password_hash if user else None, password)
    if user is None or not right or not user.active:
        _failed(user, email, address, locked=bool(attempt.locks), right=right)
        raise Unauthenticated(_("Email or password is wrong. After 5 failures in 10 minutes you have to wait."))
    lockout.succeeded(attempt, email, address)
    if hashing.outdated(user.password_hash):
        users.replace_hash(user.user_id, user.password_hash, hashing.hash_password(password))
    opened = sessions.start(user, address, agent)
    users.note_sign_in(user.user_id, now())
    record(user, "sign_in", "user", user.user_id, after={"session_id": opened.session_id})
    emit("security", "sign_in", {"user_id": user.user_id, "session_id": opened.session_id, "address": address}, user.user_id)
    return opened


def _failed(user: User | None, email: str, address: str, *, locked: bool, right: bool) -> None:
    """People type passwords into the address field, so an unknown address is recorded only as a fingerprint."""
    subject = user.user_id if user else f"unknown:{lockout.fingerprint(email)}"
    reason = "unknown account" if user is None else "account not active" if right else "wrong password"
    log.warning("sign-in failed", address=address, subject=subject, reason=reason, locked=locked)
    record(Principal.anonymous(), "sign_in.failed", "user", subject, after={"reason": reason, "locked": locked})
    report(Kind.SIGN_IN_FAILED, subject, address=address, reason=reason)
    emit("security", "sign_in.failed", {"subject": subject, "address": address, "reason": reason, "locked": locked})
    if locked:
        record(Principal.anonymous(), "sign_in.locked", "user", subject, after={"address": address})
        report(Kind.SIGN_IN_LOCKED, subject, address=address)
        emit("security", "sign_in.locked", {"subject": subject, "address": address})


def confirm(user: User, password: str, address: str) -> None:
    """Ask a signed-in person for the password once more, with the same counting. Raises Unauthenticated, TooManyRequests."""
    with hashing.slot():
        attempt = lockout.reserve(user.email, address)
        if attempt.wait:
            report(Kind.SIGN_IN_REFUSED, user.user_id, address=address)
            raise TooManyRequests(
                _("Too many failed attempts. Try again {when}.", when=in_words(attempt.wait)), retry_after=attempt.wait
            )
        right = hashing.verify_in_slot(user.password_hash, password)
    if not right:
        _failed(user, user.email, address, locked=bool(attempt.locks), right=False)
        raise Unauthenticated(_("The current password is wrong."))
    lockout.succeeded(attempt, user.email, address)


def change_password(who: Principal, current: str, new: str, session_id: str, address: str) -> Opened | None:
    """A new password for oneself; every other session ends. Returns fresh tokens for this session (None without one).

    Raises Invalid naming the field (a wrong current password too), TooManyRequests, Stale.
    """
    user = users.get(who.user_id)
    try:
        confirm(user, current, address)
    except Unauthenticated as error:
        raise Invalid(_("The password was not changed."), [FieldError("current_password", error.detail)]) from error
    problem = fault(new, user.email, user.name, common())
    if current == new:
        problem = _("This is the password you have now. Choose another one.")
    if problem:
        raise Invalid(_("The password was not changed."), [FieldError("new_password", problem)])
    _before, after = users.update(
        user.user_id,
        user.version,
        {
            "password_hash": hashing.hash_password(new),
            "password_changed_at": now(),
            "must_change_password": False,
            "token_version": user.token_version + 1,
        },
        user.user_id,
    )
    sessions.end_all(after, "password changed", but=session_id)
    record(user, "user.password_changed", "user", user.user_id, after={"other_sessions": "ended"})
    emit("security", "user.password_changed", {"user_id": user.user_id}, user.user_id)
    return sessions.renew(after, session_id)
