"""All faults, in the order in which they are done: those first that need figures of minutes in which nothing was started,
and at the very end what stops every container of the machine."""

from tests.faults import control, daemon, data, data_disk, host, hung, killed, looping, network, out_of_memory, outside
from tests.faults.fault import Fault

_FAMILIES = (data, killed, hung, out_of_memory, looping, network, host, data_disk, control, outside, daemon)
ALL: tuple[Fault, ...] = tuple(fault for family in _FAMILIES for fault in family.FAULTS)
