"""``mnistcli download``."""

from typing import TYPE_CHECKING

import click

from mnistcli.commands import options, results
from mnistcli.commands.console import Console

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@options.data_dir
@click.option(
    "--from",
    "sources",
    envvar="MNISTCLI_DOWNLOAD_FROM",
    metavar="URL_OR_DIR",
    multiple=True,
    help="Where to get the files instead of the public mirrors; asked in turn if repeated.",
)
@click.option("--verify", is_flag=True, help="Only check the files that are there.")
@click.pass_obj
def download(console: Console, data_dir: "Path", sources: tuple[str, ...], verify: bool) -> None:
    """Get MNIST's four files and verify them.

    Files that are there already are verified again, and only bad ones are fetched.
    """
    from mnistcli import download as worker
    from mnistcli.errors import DataError

    fetched = []
    if verify:
        if problems := worker.find_problems(data_dir):
            raise DataError("; ".join(problems.values()))
    else:
        with console.show_progress("bytes") as progress:
            fetched = worker.download(data_dir, sources or worker.MIRRORS, progress)
    for file in worker.FILES:
        results.echo_row(data_dir / file.archive, "fetched" if file in fetched else "verified")
