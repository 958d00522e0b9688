"""The word that services of this appliance know each other by on addresses under /internal/ (docs/decisions/0098)."""

import hashlib
import hmac

HEADER = "X-Internal-Word"


def word_for(purpose: str, secret: str) -> str:
    """The word for one purpose, from a secret that both sides hold; the secret cannot be got back from it."""
    return hmac.new(secret.encode(), f"internal:{purpose}".encode(), hashlib.sha256).hexdigest()


def fits(purpose: str, secret: str, word: str) -> bool:
    """Whether `word` is the one for `purpose`; takes as long for a wrong one."""
    return hmac.compare_digest(word_for(purpose, secret), word)
