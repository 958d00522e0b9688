"""Log lines without what must not be read along: passwords, tokens, keys, cookies, credentials in addresses, mail addresses."""

import re
from collections.abc import Iterable

HIDDEN = "[redacted]"
_NAMES = r"password|passwd|passphrase|pwd|secret|token|api[_-]?key|private[_-]?key|credential|csrf|ticket|requirepass|masterauth"
_VALUE = r"""\\"(?:(?!\\").)*(?:\\"|$)|"(?:[^"\\]|\\.)*(?:"|$)|'[^']*(?:'|$)|[^\s,;&}\])]+"""
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S), rf"\1{HIDDEN}\2"),
    # To the last @ of a word: a password may hold one itself.
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s\"'<>]*@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?im)(\b(?:set-)?cookie\\?[\"']?\s*[:=]\s*).+$"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)(\b(?:proxy-)?authorization\\?[\"']?\s*[:=]\s*)(?:\\?[\"']?\w+\s+)?(?:{_VALUE})"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?"), HIDDEN),
    (re.compile(rf"(?i)([\w.-]*(?:{_NAMES})[\w.-]*(?:\\?[\"'])?\s*[:=]\s*)(?:{_VALUE})"), rf"\1{HIDDEN}"),
    (re.compile(rf"(?i)(--?(?:{_NAMES})\s+)(?:{_VALUE})"), rf"\1{HIDDEN}"),
    (re.compile(r"\b(AUTH|IDENTIFIED BY)\s+\S+(?:\s+\S+)?"), rf"\1 {HIDDEN}"),
    (re.compile(r"\b[\w.+%-]+@[\w-]+(?:\.[\w-]+)+\b"), "[mail address]"),
)


def redact(text: str) -> str:
    """`text` with every secret replaced. What only looks like one may go too: a log is read for causes, not for values."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def redact_lines(lines: Iterable[str]) -> list[str]:
    """The same for lines, together: a key goes over several."""
    return redact("\n".join(lines)).split("\n")
