"""The protocol by which workers report messages and progress."""

from contextlib import AbstractContextManager
from typing import Protocol


class Advance(Protocol):
    """Reports progress."""

    def __call__(self, done: int, note: str = "") -> None:
        """Report how many units are done, with a note such as the loss."""


class Listener(Protocol):
    """Receives the messages and the progress of work that takes a while."""

    def info(self, message: str) -> None:
        """Receive a message about the work, or a hint."""

    def warn(self, message: str) -> None:
        """Receive a message about something that the user may not expect."""

    def error(self, message: str) -> None:
        """Receive a message about a failure, while the rest of the work continues."""

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


def ignore_progress(done: int, note: str = "") -> None:
    """Ignore progress."""
