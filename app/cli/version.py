"""`tradeai version`: what runs here."""

import platform

import click

from app import __version__
from app.cli.output import show
from app.core.i18n import _


@click.command(help=_("Print the version of this appliance."))
def command() -> None:
    show({"version": __version__, "python": platform.python_version()}, f"TradeAI {__version__}")
