"""``mnistcli download``."""

from typing import TYPE_CHECKING

import click

from mnistcli.cli import options, output
from mnistcli.cli.console import Console

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
    help="Where to get the files instead of the public mirrors; repeat it for several sources.",
)
@click.option("--verify", is_flag=True, help="Only check the files that are there.")
@click.pass_obj
def download(console: Console, data_dir: "Path", sources: tuple[str, ...], verify: bool) -> None:
    """Download MNIST's four files and verify them.

    Files that are there already are verified again, and only bad ones are downloaded. Other data
    under MNIST's names is never replaced. A directory, given by --from or --data-dir, may have
    MNIST's files raw or compressed, each in a folder, as torchvision or as Keras stores them.
    """
    from mnistcli.datasets import mnist
    from mnistcli.errors import DataError

    fetched = [] if verify else mnist.download(data_dir, sources or mnist.MIRRORS, console)
    found = mnist.check(data_dir)
    if problems := [str(place) for place in found.values() if isinstance(place, DataError)]:
        raise DataError("; ".join(problems))
    for file, place in found.items():
        output.echo_row(place, "fetched" if file in fetched else "verified")
