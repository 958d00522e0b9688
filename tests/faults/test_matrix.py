"""The fault matrix: each fault is really done to the deployed appliance, and followed until everything is over again."""

import os
from collections.abc import Iterator

import pytest

from tests.appliance import Appliance
from tests.faults import families, report
from tests.faults.fault import Fault
from tests.faults.measure import measure
from tests.faults.receivers import receivers
from tests.faults.rig import Rig, gateway, lacks, rig

pytestmark = pytest.mark.long


@pytest.fixture(scope="session")
def levers() -> Iterator[Rig]:
    missing = lacks("docker", "nsenter", "iptables", "ss")
    assert not missing, f"The fault matrix needs {missing}: apt-get install util-linux iptables iproute2"
    appliance = Appliance.from_environment()
    with receivers(gateway(appliance)) as heard, rig(appliance, heard) as made:
        yield made


@pytest.mark.parametrize("fault", families.ALL, ids=lambda fault: fault.name)
def test_the_right_one_is_blamed_and_healed_and_people_are_told_once(levers: Rig, fault: Fault) -> None:
    if fault.only_with and os.environ.get(fault.only_with) != "1":
        pytest.skip(f"harms other containers of this machine: set {fault.only_with}=1 where it is yours alone")
    result = measure(fault, levers)
    report.keep(result)
    assert result.wrong == []
