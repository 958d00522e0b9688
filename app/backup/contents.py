"""What a database holds, small enough for a manifest: per collection count, content hash, indexes and options."""

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from app.core.i18n import _

_MODULUS = 1 << 256
_SHORTEST = 5  # bytes of a BSON document
_length = struct.Struct("<I")


@dataclass(frozen=True)
class Collection:
    """`digest`: 64 hexadecimal digits. `indexes` and `options`: canonical JSON, indexes in the order of their names."""

    count: int
    digest: str
    indexes: tuple[str, ...] = ()
    options: str = "{}"


Contents = Mapping[str, Collection]


class Digest:
    """Count and hash of documents in any order: the sum, modulo 2^256, of the SHA-256 of each document's BSON."""

    def __init__(self) -> None:
        self.count, self._sum = 0, 0

    def add_all(self, buffer: memoryview, at: int = 0) -> int:
        """Take in the BSON documents that stand one after the other from `at`; where the first stands that is not whole.

        The innermost loop of every backup: each document passes here, and nothing else may.
        """
        length_at, sha256, number = _length.unpack_from, hashlib.sha256, int.from_bytes
        end, count, total = len(buffer), 0, 0
        while end - at >= _SHORTEST:
            (length,) = length_at(buffer, at)
            if not _SHORTEST <= length <= end - at:
                break
            total += number(sha256(buffer[at : at + length]).digest(), "big")
            at += length
            count += 1
        self._sum += total
        self.count += count
        return at

    def hexdigest(self) -> str:
        return f"{self._sum % _MODULUS:064x}"


def differences(expected: Contents, found: Contents) -> list[str]:
    """One sentence for everything that is not as expected; [] when all is equal."""
    sentences = [_("Collection {name} is missing.", name=name) for name in sorted(expected.keys() - found.keys())]
    sentences += [_("Collection {name} should not be there.", name=name) for name in sorted(found.keys() - expected.keys())]
    for name in sorted(expected.keys() & found.keys()):
        sentences += _compare(name, expected[name], found[name])
    return sentences


def _compare(name: str, expected: Collection, found: Collection) -> list[str]:
    if expected.count != found.count:
        return [_("{name}: {found} documents instead of {expected}.", name=name, found=found.count, expected=expected.count)]
    sentences = []
    if expected.digest != found.digest:
        sentences.append(_("{name}: as many documents, but other contents.", name=name))
    lost = [json.loads(index)["name"] for index in expected.indexes if index not in found.indexes]
    if lost:
        sentences.append(_("{name}: missing or different indexes: {indexes}.", name=name, indexes=", ".join(lost)))
    if expected.options != found.options:
        sentences.append(_("{name}: other options of the collection.", name=name))
    return sentences
