"""The indexes that all stores declare, and which of them a database lacks."""

import importlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import app
from app.core.mongo import Db, Index


def declared_indexes() -> list[Index]:
    """The INDEXES of every subject's store: all modules named `store` under app/."""
    return [index for name in store_modules() for index in getattr(importlib.import_module(name), "INDEXES", [])]


def store_modules() -> list[str]:
    """The dotted names of all stores, in a stable order."""
    root = Path(app.__file__).parent
    return sorted(".".join(("app", *path.relative_to(root).with_suffix("").parts)) for path in root.rglob("store.py"))


def missing_indexes(db: Db, declared: Iterable[Index]) -> list[Index]:
    """Those of `declared` that the database lacks or has otherwise (not unique, other options)."""
    present: dict[str, list[dict[str, Any]]] = {}
    missing = []
    for index in declared:
        if index.collection not in present:
            information = db[index.collection].index_information()
            present[index.collection] = [{**info, "name": name} for name, info in information.items()]
        if not any(_same(index, info) for info in present[index.collection]):
            missing.append(index)
    return missing


def _same(index: Index, info: Mapping[str, Any]) -> bool:
    """Whether an index as the server reports it is the declared one; a text index is reported by the weights of its fields."""
    fields = [field for field, _direction in index.keys]
    text = any(direction == "text" for _field, direction in index.keys)
    same_keys = sorted(info.get("weights", {})) == sorted(fields) if text else tuple(info["key"]) == tuple(index.keys)
    same_options = all(info.get(option) == value for option, value in index.options.items())
    return same_keys and bool(info.get("unique")) is index.unique and same_options


def named(index: Index) -> str:
    """How people read it: collection and fields."""
    return f"{index.collection}: {', '.join(field for field, _direction in index.keys)}"
