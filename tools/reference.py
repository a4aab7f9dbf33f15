"""docs/reference.md, written from the commands' own help.

``python tools/reference.py`` writes it; ``tests/docs/test_docs.py`` checks that it is up to date.
"""

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from mnistcli.cli.main import main

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"

HEAD = """\
# Reference

`python tools/reference.py` writes this page from the commands' own help. The environment variable
beside an option sets it, too; the command line takes precedence. The
[README](../README.md#in-scripts) lists the exit codes, and says what is printed where.
"""


def make_page() -> str:
    """Return the page."""
    context = click.Context(main, info_name="mnistcli", **main.context_settings)
    return "\n".join([HEAD, *list_sections(main, context)])


def list_sections(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the sections of a command and of those below it."""
    yield describe(command, context)
    if isinstance(command, click.Group):
        for name, part in command.commands.items():
            prefix = f"{context.auto_envvar_prefix}_{name.upper()}"
            below = click.Context(part, parent=context, info_name=name, auto_envvar_prefix=prefix)
            yield from list_sections(part, below)


def describe(command: click.Command, context: click.Context) -> str:
    """Return the section of one command."""
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    text = inspect.cleandoc(command.help or "")
    options = [option for option in command.params if isinstance(option, click.Option)]
    rows = [describe_option(option, context) for option in options]
    head = ["| option | | default | variable |", "|---|---|---|---|"] if rows else []
    lines = [f"## {context.command_path}", "", f"    {usage}", "", text, "", *head, *rows]
    return "\n".join(lines).rstrip() + "\n"


def describe_option(option: click.Option, context: click.Context) -> str:
    """Return the row of an option."""
    names = ", ".join(f"`{name}`" for name in option.opts)
    value = "" if option.is_flag else f" {option.make_metavar(context)}"
    known = option.get_help_extra(context)
    bounds = f" ({known['range']})" if "range" in known else ""
    variables = ", ".join(f"`{name}`" for name in known.get("envvars", ()))
    default = known.get("default", "").removeprefix("(").removesuffix(")")
    columns = [names + value, f"{option.help}{bounds}", default, variables]
    return f"| {' | '.join(column.replace('|', chr(92) + '|') for column in columns)} |"


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
