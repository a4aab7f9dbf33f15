"""A live progress bar on a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from mnistcli.system.listener import Advance

BAR_WIDTH = 20
"""Columns of the bar itself; a line fits in 80 columns."""


@contextmanager
def show_bar(label: str, total: int, done: int = 0) -> Iterator[Advance]:
    """Show on standard error what is done, the total, a note and the remaining time.

    If the total is 0, show only that work continues.
    """
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(BAR_WIDTH),
        MofNCompleteColumn(),
        TextColumn("{task.fields[note]}", markup=False),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
        console=Console(file=sys.stderr),
        redirect_stdout=False,
    ) as progress:
        task = progress.add_task(label, total=total or None, completed=done, note="")

        def advance(done: int, note: str = "") -> None:
            progress.update(task, completed=done, note=note)

        yield advance
