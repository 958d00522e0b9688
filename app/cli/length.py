"""Lengths of time as people type them: 30m, 4h, 2d."""

import re

import click

from app.core.i18n import _

_UNITS = {"m": 60, "h": 3600, "d": 86400}


def seconds(length: str) -> int:
    """The length in seconds. Raises click.BadParameter for what is no whole number with a unit."""
    found = re.fullmatch(r"(\d{1,6})([mhd])", length.strip())
    if found is None:
        raise click.BadParameter(_("write a whole number and a unit, as in 30m, 4h or 2d"), param_hint="--for")
    return int(found[1]) * _UNITS[found[2]]
