"""Templates are compiled by the first site of a run that shows them: tests make hundreds of sites."""

from types import CodeType
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2.bccache import Bucket, BytecodeCache


class CompiledOnce(BytecodeCache):
    """In the memory of this run, so that no template is older than what compiled it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._kept[(bucket.key, bucket.checksum)] = bucket.code


_BY_OPTIONS: dict[str, CompiledOnce] = {}


class SharingEnvironment(Environment):
    """Flask's own, with what sites of the same options have compiled."""

    def __init__(self, app: Any, **options: Any) -> None:
        plain = repr(sorted((name, value) for name, value in options.items() if not callable(value)))
        super().__init__(app, bytecode_cache=_BY_OPTIONS.setdefault(plain, CompiledOnce()), **options)


def compile_templates_once() -> None:
    """From here on, for every site that this process makes."""
    Flask.jinja_environment = SharingEnvironment
