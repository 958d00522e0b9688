"""End-to-end tests work on the appliance that `scripts/test.sh` deployed in a folder of its own."""

import pytest

from tests.appliance import Appliance


@pytest.fixture(scope="session")
def appliance() -> Appliance:
    """The deployed appliance; every test leaves it healthy again."""
    deployed = Appliance.from_environment()
    deployed.wait_healthy(120)
    return deployed
