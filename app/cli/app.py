"""The table of contents of `tradeai`, and the one place where errors of any command become sentences."""

import importlib
import logging
from typing import Any

import click
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from app.cli.output import fail, json_option
from app.core.errors import TradeError, Unavailable
from app.core.i18n import N_, _
from app.core.logging import configure_logging
from app.core.settings import MissingSecret, settings

# Imported when it is called: `tradeai status` waits for no business code, and help for none at all.
COMMANDS = {
    "ai": ("app.cli.ai:group", N_("Train, evaluate and list models.")),
    "alerts": ("app.cli.alerts:group", N_("Show, acknowledge and silence alerts; test channels.")),
    "audit": ("app.cli.audit:group", N_("Check the audit trail.")),
    "backup": ("app.cli.backup:group", N_("Make, list, check and prove backups.")),
    "demo": ("app.cli.demo:group", N_("Load real demonstration sales.")),
    "doctor": ("app.cli.doctor:command", N_("Examine the appliance and its host.")),
    "drill": ("app.cli.drill:group", N_("Test the recovery as every quarter asks.")),
    "handover": ("app.cli.handover:group", N_("Make, list and verify the handover report.")),
    "incidents": ("app.cli.incidents:group", N_("List and show incidents, notes, post-mortems, a month's figures.")),
    "maintenance": ("app.cli.maintenance:group", N_("See, run and sign off the daily, weekly and monthly tasks.")),
    "migrate": ("app.cli.migrate:command", N_("Bring the database to this version.")),
    "restore": ("app.cli.backup:restore", N_("Restore a backup.")),
    "service": ("app.cli.service:group", N_("List, start, stop, restart and release services.")),
    "status": ("app.cli.status:command", N_("Show every service.")),
    "user": ("app.cli.user:group", N_("Add, list and reset people.")),
    "version": ("app.cli.version:command", N_("Print the version.")),
}


class TradeaiGroup(click.Group):
    """Loads commands by name, gives each `--json`, and turns the errors they raise into messages and exit codes."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _colon, attribute = COMMANDS[name][0].partition(":")
        return with_json(getattr(importlib.import_module(module), attribute))

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(help_line)) for name, (_target, help_line) in sorted(COMMANDS.items())])

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except TradeError as error:
            fail(error)
        except MissingSecret as error:
            fail(Unavailable(str(error)))
        except PyMongoError as error:
            fail(Unavailable(_("MongoDB does not answer ({error}). To see what is down: tradeai status", error=_short(error))))
        except RedisError as error:
            fail(Unavailable(_("Redis does not answer ({error}). To see what is down: tradeai status", error=_short(error))))


def with_json(command: click.Command) -> click.Command:
    """`command` and all commands below it, with `--json`."""
    json_option(command)
    if isinstance(command, click.Group):
        for child in command.commands.values():
            with_json(child)
    return command


def _short(error: Exception) -> str:
    """The first clause of a driver's message; the rest is a topology dump."""
    return str(error).split(", Timeout:")[0].split(" (configured timeouts")[0][:200] or type(error).__name__


@click.group(
    cls=TradeaiGroup, context_settings={"help_option_names": ["-h", "--help"]}, help=_("Operate this TradeAI appliance.")
)
def tradeai() -> None:
    configure_logging(settings())
    logging.getLogger().setLevel(logging.WARNING)  # a person reads along: what a command does it says itself


json_option(tradeai)
