"""A live bar on a terminal."""

import sys
from types import TracebackType

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


class Bar:
    """On standard error: what is done, of how much, and the time that is left."""

    def __init__(self, label: str, length: int, done: int = 0) -> None:
        """Begin at ``done``; without a ``length``, show only that something happens."""
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(WIDTH),
            MofNCompleteColumn(),
            TextColumn("{task.fields[said]}", markup=False),
            TimeRemainingColumn(compact=True, elapsed_when_finished=True),
            console=Console(file=sys.stderr),
            redirect_stdout=False,
        )
        self._task = self._progress.add_task(label, total=length or None, completed=done, said="")

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def move(self, done: int, said: str = "") -> None:
        """Show how much is done, and something beside it."""
        self._progress.update(self._task, completed=done, said=said)
