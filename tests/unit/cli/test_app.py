"""The command finds all its parts, and every one of them can speak JSON."""

import importlib
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from app.cli.app import COMMANDS, tradeai


def _leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for child_name, child in command.commands.items():
            yield from _leaves(f"{name} {child_name}", child)
    else:
        yield name, command


@pytest.mark.parametrize("name", COMMANDS)
def test_every_named_command_exists_and_offers_json(name: str) -> None:
    module, _colon, attribute = COMMANDS[name][0].partition(":")
    assert hasattr(importlib.import_module(module), attribute)
    command = tradeai.get_command(click.Context(tradeai), name)
    assert command is not None
    for leaf_name, leaf in _leaves(name, command):
        assert any(parameter.name == "as_json" for parameter in leaf.params), leaf_name


def test_help_names_every_command_without_loading_it() -> None:
    result = CliRunner().invoke(tradeai, ["--help"])
    assert result.exit_code == 0
    assert all(name in result.stdout for name in COMMANDS)


def test_an_unknown_command_is_refused_with_usage() -> None:
    result = CliRunner().invoke(tradeai, ["explode"])
    assert result.exit_code == 2
    assert "No such command 'explode'" in result.stderr
