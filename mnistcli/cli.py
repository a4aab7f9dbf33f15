"""The command line: the group of the commands, and the one place where errors become exit codes."""

import os
import sys
from typing import Any

import click

from mnistcli import __version__
from mnistcli.commands.console import Console
from mnistcli.commands.download import download
from mnistcli.commands.evaluate import evaluate
from mnistcli.commands.predict import predict
from mnistcli.commands.train import train
from mnistcli.errors import DataError, MnistError

INTERRUPTED = 130


class ErrorGroup(click.Group):
    """Ends the process with one line and the right exit code, whatever a command raises."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; see :mod:`mnistcli.errors` for the exit codes."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except MnistError as error:
            ctx.obj.error(str(error))
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            ctx.obj.error("interrupted")
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:  # the reader, such as head, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except OSError as error:
            where = error.filename or "standard output"
            ctx.obj.error(f"{where}: {error.strerror}")
            ctx.exit(DataError.exit_code)


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
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context, quiet: bool) -> None:
    """Train a digit classifier on MNIST and read digits off your own pictures."""
    ctx.obj = Console(is_quiet=quiet)


for command in (download, train, evaluate, predict):
    main.add_command(command)
