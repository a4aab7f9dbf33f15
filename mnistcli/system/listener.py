"""Who is told what a command does while it works."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Advance(Protocol):
    """Takes note of progress."""

    def __call__(self, done: int, note: str = "") -> None:
        """Tell how much is done of the whole, with a note such as the loss."""


class Listener(Protocol):
    """Receives the messages and the progress of work that takes a while."""

    def info(self, message: str) -> None:
        """Receive a message about what is being done, or a hint."""

    def warn(self, message: str) -> None:
        """Receive what may not be as the user expects."""

    def error(self, message: str) -> None:
        """Receive what failed while the rest of the work continues."""

    def progress(
        self, label: str, total: int, unit: str, *, done: int = 0, log_every: int = 0
    ) -> AbstractContextManager[Advance]:
        """Show the progress of work that has a name.

        Args:
            label: the name.
            total: the units of the whole work, 0 if unknown.
            unit: such as ``images``.
            done: units already done.
            log_every: units between lines of a log; 0 for one line at the end.
        """


class Silence:
    """A listener that ignores everything."""

    def info(self, message: str) -> None:
        """Ignore a message."""

    warn = error = info

    @contextmanager
    def progress(
        self, label: str, total: int, unit: str, *, done: int = 0, log_every: int = 0
    ) -> Iterator[Advance]:
        """Ignore progress."""
        yield ignore_progress


def ignore_progress(done: int, note: str = "") -> None:
    """Ignore progress."""
