"""What a check says."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """In the order of how urgent it is."""

    PROBLEM = "problem"
    WARNING = "warning"
    UNKNOWN = "unknown"  # there was nothing to judge by
    OK = "ok"


class Source(StrEnum):
    """Who saw the evidence."""

    SUPERVISOR = "supervisor"  # Docker, the volumes, the door
    APP = "app"  # the backend, asked over the internal network
    HOST = "host"  # scripts/host-facts.sh on the machine itself


@dataclass(frozen=True)
class Finding:
    """`evidence` is what was seen, `remedy` what to do about it; sentences for people, without secrets."""

    verdict: Verdict
    evidence: str
    remedy: str = ""


class NoEvidence(Exception):
    """The check has nothing to judge by; the message says why."""


def ok(evidence: str) -> Finding:
    return Finding(Verdict.OK, evidence)


def warning(evidence: str, remedy: str) -> Finding:
    return Finding(Verdict.WARNING, evidence, remedy)


def problem(evidence: str, remedy: str) -> Finding:
    return Finding(Verdict.PROBLEM, evidence, remedy)
