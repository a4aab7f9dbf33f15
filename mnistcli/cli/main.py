"""The group of the commands, and the one place where errors become exit codes."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from mnistcli import __version__
from mnistcli.cli.console import Console
from mnistcli.cli.download import download
from mnistcli.cli.evaluate import evaluate
from mnistcli.cli.export import export
from mnistcli.cli.output import STANDARD_OUTPUT, discard_output, naming_output
from mnistcli.cli.predict import predict
from mnistcli.cli.train import train
from mnistcli.errors import DataError, MnistError

INTERRUPTED = 130


@contextmanager
def exit_codes() -> Iterator[None]:
    """End the process with one line and the right exit code; see :mod:`mnistcli.errors`."""
    console = Console(is_quiet=False)
    try:
        yield
    except MnistError as error:
        console.error(str(error))
        sys.exit(error.exit_code)
    except click.UsageError as error:
        if error.ctx:
            hint = f"Try '{error.ctx.command_path} --help' for help."
            console.show([error.ctx.get_usage(), hint, ""])
        console.error(error.format_message())
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        console.error("interrupted")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        discard_output()
        sys.exit(0)
    except OSError as error:
        reason = error.strerror or str(error)
        console.error(f"{error.filename}: {reason}" if error.filename else reason)
        sys.exit(DataError.exit_code)


class ErrorGroup(click.Group):
    """A group whose commands all end with the exit codes of this program."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the options; --help and --version print here."""
        with exit_codes(), naming_output():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with exit_codes():
            if sys.stdout is None:  # closed: better reported before hours of training than after
                raise OSError(errno.EBADF, os.strerror(errno.EBADF), STANDARD_OUTPUT)
            return super().invoke(ctx)


@click.group(
    "mnistcli",
    cls=ErrorGroup,
    context_settings={
        "auto_envvar_prefix": "MNISTCLI",
        "help_option_names": ["-h", "--help"],
        "show_default": True,
    },
)
@click.option("-q", "--quiet", is_flag=True, help="Print results and errors only.")
@click.version_option(__version__, message="%(prog)s %(version)s", allow_from_autoenv=False)
@click.pass_context
def main(ctx: click.Context, quiet: bool) -> None:
    """Train a digit classifier on MNIST and read digits off your own pictures."""
    ctx.obj = Console(is_quiet=quiet)


for command in (download, train, evaluate, predict, export):
    main.add_command(command)


def show_variables(command: click.Command) -> None:
    """Let --help name the environment variable of each option."""
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            parameter.show_envvar = True
    for part in command.commands.values() if isinstance(command, click.Group) else ():
        show_variables(part)


show_variables(main)
