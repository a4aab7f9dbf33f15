"""The commands by their names, also those of groups."""

from collections.abc import Iterator

import click

from mnistcli.cli.main import main


def list_commands(group: click.Group, above: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from list_commands(command, f"{above}{name} ")
        else:
            yield above + name, command


COMMANDS = dict(list_commands(main))
