"""A live bar on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

WIDTH = 20
"""Of the bar itself, so that a line has room in 80 columns."""

Move = Callable[[int, str], None]
"""Called with how much is done, and what is to be said beside it."""


@contextmanager
def show_bar(label: str, length: int, done: int = 0) -> Iterator[Move]:
    """Show on standard error what is done, of how much, and the time that is left.

    Without a ``length``, show only that something happens.
    """
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(WIDTH),
        MofNCompleteColumn(),
        TextColumn("{task.fields[said]}", markup=False),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=Console(file=sys.stderr),
        redirect_stdout=False,
    ) as progress:
        task = progress.add_task(label, total=length or None, completed=done, said="")

        def move(done: int, said: str) -> None:
            progress.update(task, completed=done, said=said)

        yield move
