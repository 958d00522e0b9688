"""What makes every unit test cheaper and changes none: templates are compiled once, what stays is not searched for garbage."""

import gc

from tests.compiled_once import compile_templates_once

compile_templates_once()


def pytest_collection_finish() -> None:
    """Modules and tests stay until the end: they are not looked through again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
