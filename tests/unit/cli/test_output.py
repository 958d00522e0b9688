"""Every command prints people's words by default and exactly one JSON document with --json."""

import json

import click
import pytest
from click.testing import CliRunner, Result

from app.cli.app import TradeaiGroup, with_json
from app.cli.output import grid, say, show
from app.core.errors import FieldError, Invalid


@click.group(cls=click.Group)
def nested() -> None:
    pass


@nested.command()
def leaf() -> None:
    say("working")
    show({"n": 1}, "one", grid(["Name"], [["a"]]))


class _Root(TradeaiGroup):
    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        return {"nested": with_json(nested), "broken": with_json(broken)}.get(name)


@click.command()
def broken() -> None:
    raise Invalid("The name is taken.", [FieldError("name", "Choose another.")])


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(with_json(_Root("tradeai")), arguments)


def test_people_read_sentences_and_tables() -> None:
    result = _run("nested", "leaf")
    assert [line.strip() for line in result.stdout.splitlines()] == ["one", "Name", "a"]
    assert result.stderr == "working\n"


@pytest.mark.parametrize(
    "arguments", [("nested", "leaf", "--json"), ("nested", "--json", "leaf"), ("--json", "nested", "leaf")], ids=" ".join
)
def test_json_is_one_document_wherever_the_option_stands(arguments: tuple[str, ...]) -> None:
    result = _run(*arguments)
    assert json.loads(result.stdout) == {"n": 1}
    assert result.stderr == ""


def test_an_error_is_a_sentence_with_its_fields_and_exit_code_one() -> None:
    result = _run("broken")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == "Please correct the marked fields: The name is taken.\n  name: Choose another.\n"


def test_an_error_under_json_is_a_problem_document() -> None:
    result = _run("broken", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["errors"] == [{"field": "name", "message": "Choose another."}]
