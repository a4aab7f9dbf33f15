"""The commands by their names, also those of groups, and what a run of one prints."""

from collections.abc import Iterator

import click
from click.testing import Result

from mnistcli.cli.main import main


def list_commands(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from list_commands(command, f"{above}{name} ")
        else:
            yield above + name, command


COMMANDS = dict(list_commands(main))


def read_notes(result: Result) -> list[str]:
    """The lines on standard error except the one that names the model."""
    return [line for line in result.stderr.splitlines() if not line.startswith("model: ")]
