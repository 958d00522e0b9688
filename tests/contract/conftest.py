"""The contract tests work on the deployed appliance, as the end-to-end tests do."""

from tests.e2e.conftest import appliance

__all__ = ["appliance"]
