"""What makes every unit test cheaper and changes none: templates are compiled once, what stays is not searched for garbage."""

import gc
from types import CodeType

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache


class CompiledOnce(BytecodeCache):
    """Templates as compiled by the first site of the run that shows them; tests make hundreds of sites."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._kept[(bucket.key, bucket.checksum)] = bucket.code


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": CompiledOnce()}


def pytest_collection_finish() -> None:
    """Modules and tests stay until the end: they are not looked through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
