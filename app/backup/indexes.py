"""Indexes and options of collections, written so that every server and tool describes the same one alike."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bson import json_util

# What a server adds to an index by itself; it differs from server to server and says nothing about the data.
_SERVERS_OWN = frozenset({"v", "ns", "background", "storageEngine", "textIndexVersion", "2dsphereIndexVersion"})


def canonical_index(index: Mapping[str, Any]) -> str:
    """An index as every server and tool describes it alike: order of keys kept, numbers without their BSON type."""
    wanted = {name: _plain(value) for name, value in index.items() if name not in _SERVERS_OWN and value is not False}
    wanted["key"] = [[field, _plain(direction)] for field, direction in index["key"].items()]
    return json.dumps(wanted, sort_keys=True, default=json_util.default)


def canonical_options(options: Mapping[str, Any]) -> str:
    """A collection's options (capped, size, validator ...)."""
    return json.dumps({name: _plain(value) for name, value in options.items() if value is not False}, sort_keys=True)


def sorted_indexes(indexes: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Canonical, in the order of their names."""
    return tuple(canonical_index(index) for index in sorted(indexes, key=lambda index: str(index.get("name"))))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value
