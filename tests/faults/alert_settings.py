"""The appliance's alerts.toml for the matrix: two channels that lead here, and rules that wait less than in earnest."""

import os
import shutil
from pathlib import Path

from tests.faults.fault import Pace
from tests.faults.receivers import MAIL, WEBHOOK, Receivers

_UID = 10001
_SHORT = {
    "service_stopped": "after = '5s'",
    "names_dead": "after = '10s'\ncalm = '5s'",
    "docker_silent": "after = '3s'\ncalm = '5s'",
}
# What is off in every case, and why: docs/faults.md says so beside its count of false alarms (tests.faults.report).
OFF = {
    "host_cpu": "others work on this machine while the matrix runs, and two cores are soon busy; one case has it on",
    "doctor_problem": "what the doctor finds on a machine for tests (no firewall, no backup yet) is true and lasts",
}
# And what is off in every case but those with the rules as delivered.
OFF_UNLESS_DELIVERED = {"service_restarted": "service_down tells of the same restart already"}
_RULES = {
    Pace.PROMPT: {"service_down": "after = '1s'\ncalm = '12s'", "service_quarantined": "calm = '5s'"},
    Pace.SOON: {"service_down": "after = '3s'\ncalm = '12s'", "service_quarantined": "calm = '5s'"},
    Pace.PATIENT: {"service_down": "after = '10s'\ncalm = '5s'", "service_quarantined": "calm = '5s'"},
    Pace.DELIVERED: {},
}


def write(root: Path, pace: Pace, to: Receivers, **more: str) -> None:
    """Write the file as `pace` has it; `more` are the lines of further rules by name."""
    rules = _RULES[pace] | dict.fromkeys(OFF, "off = true")
    if pace is not Pace.DELIVERED:
        rules |= _SHORT | dict.fromkeys(OFF_UNLESS_DELIVERED, "off = true")
    rules |= more
    text = _channels(to) + "".join(f"\n[rules.{name}]\n{lines}\n" for name, lines in rules.items())
    path = root / "config" / "alerts.toml"
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    shutil.chown(fresh, _UID, _UID)
    fresh.chmod(0o600)
    os.replace(fresh, path)


def _channels(to: Receivers) -> str:
    return f"""
[[channel]]
name = "{WEBHOOK}"
kind = "webhook"
url = "http://{to.host}:{to.webhook_port}/"
secret = "a-secret-for-the-fault-matrix"
timeout = "3s"

[[channel]]
name = "{MAIL}"
kind = "mail"
host = "{to.host}"
port = {to.mail_port}
security = "none"
from = "tradeai@example.com"
to = ["operations@example.com"]
timeout = "3s"
"""
