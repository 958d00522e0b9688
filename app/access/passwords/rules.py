"""Which passwords are good enough: long, not common, not about the person; no demands for kinds of characters.

As NIST SP 800-63B advises.
"""

import re
import unicodedata
from collections.abc import Collection

SHORTEST, LONGEST = 12, 256
_FEWEST_DIFFERENT = 5
_SHORTEST_CORE = 5
_SHORTEST_NAME = 4
_LEET = str.maketrans({"0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s", "!": "i"})
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm")
_EDGE = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_OWN_WORDS = ("tradeai",)


def normalised(password: str) -> str:
    """The one form of a password that is hashed: two keyboards may send the same letter in different code points."""
    return unicodedata.normalize("NFKC", password)


def fault(password: str, email: str, name: str, common: Collection[str]) -> str | None:
    """The first thing that is wrong with `password`, as a sentence that says what to do; None when it is good.

    `common` holds case-folded common passwords.
    """
    text = normalised(password)
    if len(text) < SHORTEST:
        return f"Use at least {SHORTEST} characters. Four words that have nothing to do with each other are easy to remember."
    if len(text) > LONGEST or len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    folded = text.casefold()
    if len(set(folded)) < _FEWEST_DIFFERENT:
        return f"Use at least {_FEWEST_DIFFERENT} different characters."
    if _is_row(folded):
        return "This follows the alphabet or the keyboard. Use words that have nothing to do with each other."
    if _is_common(folded, common):
        return (
            "This is one of the passwords that are tried first, or one with something added. "
            "Use words that have nothing to do with each other."
        )
    for word in _personal(email, name):
        if word in folded:
            return "Leave your name, your address and the product's name out of the password."
    return None


def _is_common(folded: str, common: Collection[str]) -> bool:
    """Common as it is, after undoing look-alike characters, or once what was hung on both ends is taken off."""
    core = _EDGE.sub("", folded)
    half = folded[: len(folded) // 2] if len(folded) % 2 == 0 and folded[: len(folded) // 2] * 2 == folded else ""
    plain_core = _EDGE.sub("", folded.translate(_LEET))
    candidates = {folded, folded.translate(_LEET), core, core.translate(_LEET), plain_core, half}
    return any(len(word) >= _SHORTEST_CORE and word in common for word in candidates)


def _is_row(folded: str) -> bool:
    """Whether it is made of runs of four or more along the alphabet, the digits or the keyboard."""
    position = 0
    while position < len(folded):
        length = max(_run(folded[position:], row) for row in (*_ROWS, *(row[::-1] for row in _ROWS)))
        if length < 4:
            return False
        position += length
    return True


def _run(text: str, row: str) -> int:
    length = 0
    while length < len(text) and text[: length + 1] in row:
        length += 1
    return length


def _personal(email: str, name: str) -> list[str]:
    local, _, domain = email.casefold().partition("@")
    parts = [email.casefold(), local, *re.split(r"[\W_]+", local), *name.casefold().split(), *domain.split(".")[:-1], *_OWN_WORDS]
    return [part for part in parts if len(part) >= _SHORTEST_NAME]
