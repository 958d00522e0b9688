"""The sealed file: the report with a list of its hashes, signed with the appliance's key (Ed25519), so that a change shows.

Loaded by the press's own process and by commands only: cryptography takes 8 MB, which the keeper cannot spare.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.core.i18n import _
from app.supervisor.handover.damage import DAMAGE

FORMAT = 1
SEAL, SIGNATURE, KEY = "seal.json", "seal.sig", "key.pem"
_OWN = frozenset({SEAL, SIGNATURE, KEY})
_LARGEST = 50 * 1024 * 1024  # unpacked: what claims to be more is no report of ours
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Judgement:
    """Whether the file is as this appliance sealed it; `text` says so, or what is wrong. `seal` is what it claims."""

    good: bool
    text: str
    seal: Mapping[str, Any]


def public_of(seed: bytes) -> bytes:
    """The 32 bytes of the public key that belong to the 32 secret ones."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def fingerprint(public: bytes) -> str:
    """What people compare: the first 32 hex digits of the key's SHA-256, in groups of four."""
    digits = hashlib.sha256(public).hexdigest()[:32]
    return " ".join(digits[at : at + 4] for at in range(0, 32, 4))


def sealed(files: Mapping[str, bytes], made: Mapping[str, str], seed: bytes) -> bytes:
    """One zip file with `files`, the seal over them with what `made` says, its signature, and the public key."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    body = {"format": FORMAT, **made, "key": fingerprint(public_of(seed)), "files": hashes}
    seal = json.dumps(body, indent=1, ensure_ascii=False).encode()
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**files, SEAL: seal, SIGNATURE: key.sign(seal), KEY: pem}.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def judge(packed: bytes, public: bytes) -> Judgement:
    """Whether `packed` is whole and was sealed by the holder of `public`. The key in the file proves nothing and is not used."""
    try:
        found = _unpacked(packed)
        seal, signature = found[SEAL], found[SIGNATURE]
    except DAMAGE as error:
        return Judgement(False, _("This is no handover report, or it is damaged ({error}).", error=str(error)[:100]), {})
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, seal)
        body = json.loads(seal)
    except (InvalidSignature, ValueError):
        return Judgement(False, _wrong_key(seal, public), {})
    wrong = _differences(found, body["files"])
    if wrong:
        return Judgement(False, _("It was changed after it was sealed: {what}", what=", ".join(wrong)), body)
    text = _("It is as this appliance sealed it on {at}, made by {by}.", at=body["made_at"], by=body["made_by"])
    return Judgement(True, text, body)


def _unpacked(packed: bytes) -> dict[str, bytes]:
    """Every file by its name. Raises ValueError for what no report of ours has, and what zipfile raises."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > _LARGEST:
            raise ValueError(_("too large"))
        if len({entry.filename for entry in entries}) != len(entries):
            raise ValueError(_("two files of one name"))
        return {entry.filename: archive.read(entry) for entry in entries}


def _differences(found: Mapping[str, bytes], hashes: Mapping[str, str]) -> list[str]:
    changed = [name for name, wanted in hashes.items() if name in found and hashlib.sha256(found[name]).hexdigest() != wanted]
    missing = [_("{name} is missing", name=name) for name in hashes if name not in found]
    added = [_("{name} was added", name=name) for name in found if name not in hashes and name not in _OWN]
    return [*changed, *missing, *added]


def _wrong_key(seal: bytes, public: bytes) -> str:
    """Sealed with another key, which the seal names itself, or changed."""
    try:
        claimed = str(json.loads(seal)["key"])
    except (ValueError, KeyError, TypeError):
        claimed = ""
    own = fingerprint(public)
    if claimed and claimed != own:
        text = _("It was not sealed with this appliance's key: it names the key {claimed}, this appliance has {own}.")
        return text.format(claimed=claimed, own=own)
    return _("The signature does not fit: the seal was changed.")
