"""The data services answer, and yet are of no use: a password that fits no more, no room, no speed."""

import subprocess
import sys
from pathlib import Path

from tests.faults.fault import Fault, Healer, Pace
from tests.faults.rig import Rig

_SET = "db.getSiblingDB('admin').updateUser('tradeai', {pwd: %s})"
_REDIRECT = ("PREROUTING", "-p", "tcp", "--dport", "27017", "-j", "REDIRECT", "--to-ports", "27999")
_SLOW = Path(__file__).with_name("slow_proxy.py")


def _change_password(rig: Rig, expression: str) -> None:
    rig.docker("exec", rig.container("mongodb"), "mongosh", "admin", "--quiet", "--eval", _SET % expression)


def _lock_out(rig: Rig) -> None:
    """Connections that are open stay signed in, so they are cut: the next ones have to sign in."""
    _change_password(rig, "'another-password-than-ours'")
    for service in ("backend", "worker"):
        rig.inside_network(service, "ss", "-K", "-t", "dport", "=", ":27017")


def _let_in(rig: Rig) -> None:
    _change_password(rig, "require('fs').readFileSync('/run/secrets/mongo_app_password', 'utf8').trim()")


def _is_told(rig: Rig) -> object:
    return rig.heard.since(rig.notes["begun"])


def _slow_down(rig: Rig) -> None:
    """New connections are led through a proxy inside the container's network that keeps each packet for 200 ms."""
    process = rig.pid("mongodb")
    rig.notes["mongodb"] = process
    inside = ("nsenter", "-t", str(process), "-n")
    rig.notes["proxy"] = subprocess.Popen([*inside, sys.executable, str(_SLOW), "27999", "27017", "0.2"])
    rig.inside_network("mongodb", "iptables", "-w", "-t", "nat", "-I", *_REDIRECT)
    rig.inside_network("mongodb", "ss", "-K", "-t", "sport", "=", ":27017")


def _speed_up(rig: Rig) -> None:
    if rig.pid("mongodb") == rig.notes.get("mongodb"):
        rig.inside_network("mongodb", "iptables", "-w", "-t", "nat", "-D", *_REDIRECT, check=False)
    proxy = rig.notes.get("proxy")
    if proxy is not None:
        proxy.terminate()
        proxy.wait(10)


def _fill_redis(rig: Rig) -> None:
    rig.notes["maxmemory"] = rig.redis("CONFIG", "GET", "maxmemory").splitlines()[-1]
    rig.redis("CONFIG", "SET", "maxmemory", "1mb")


def _empty_redis(rig: Rig) -> None:
    rig.redis("CONFIG", "SET", "maxmemory", rig.notes["maxmemory"])


FAULTS = (
    Fault(
        "MongoDB slow: 200 ms added to each packet",
        "data",
        inject=lambda rig: (rig.set_pace(Pace.PATIENT, database_slow="after = '5s'\ncalm = '5s'"), _slow_down(rig)),
        stands=_is_told,
        undo=_speed_up,
        blamed=("database_slow",),
        told=("database_slow",),
        unwell=False,
        healed_by=Healer.UNDONE,
        pace=Pace.PATIENT,
        limit=420,  # figures of the database are believed five minutes after the last start of anything
    ),
    Fault(
        "MongoDB's password changed under the application",
        "data",
        inject=_lock_out,
        stands=_is_told,
        undo=_let_in,
        blamed=("mongodb",),
        told=("service_down backend",),  # MongoDB itself is well, so whom it refuses is named
        perhaps=("service_down worker",),
        healed_by=Healer.UNDONE,
        pace=Pace.PATIENT,
        messages=(1, 1),
    ),
    Fault(
        "Redis full: no write is taken",
        "data",
        inject=lambda rig: (rig.set_pace(Pace.PATIENT, redis_full="after = '5s'\ncalm = '5s'"), _fill_redis(rig)),
        stands=_is_told,
        undo=_empty_redis,
        blamed=("redis_full",),
        told=("redis_full",),
        unwell=False,
        healed_by=Healer.UNDONE,
        pace=Pace.PATIENT,
    ),
)
