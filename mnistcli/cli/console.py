"""Standard error: messages, warnings, errors, and progress."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mnistcli.inference.recognition import Answer
    from mnistcli.system.listener import Advance

CONTROLS = [*range(32), *range(127, 160)]
ESCAPES = {code: f"\\x{code:02x}" for code in CONTROLS} | str.maketrans(
    {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
)
"""Keeps a file's name on one line and in one column, and the terminal from obeying it."""


class Console:
    """The :class:`mnistcli.system.listener.Listener` of the commands."""

    def __init__(self, *, is_quiet: bool) -> None:
        """With ``is_quiet``, print errors only."""
        self.is_quiet = is_quiet
        self.has_bar = not is_quiet and sys.stderr is not None and sys.stderr.isatty()
        self.error_count = 0

    def info(self, message: str) -> None:
        """Print a message."""
        if not self.is_quiet:
            _print(message.translate(ESCAPES))

    def warn(self, message: str) -> None:
        """Print a warning."""
        self.info(f"warning: {message}")

    def error(self, message: str) -> None:
        """Print an error, quiet or not, and count it."""
        self.error_count += 1
        _print(f"error: {message}".translate(ESCAPES))

    @contextmanager
    def progress(
        self, label: str, total: int, unit: str, *, done: int = 0, log_every: int = 0
    ) -> "Iterator[Advance]":
        """Show a live bar on a terminal, and lines elsewhere."""
        from mnistcli.system.wording import count  # --help needs none

        with self._open_bar(label, total, done) as bar:

            def advance(done: int, note: str = "") -> None:
                if bar:
                    bar(done, note or unit)
                elif log_every and (done % log_every == 0 or done == total):
                    self.info(f"{unit} {done}/{total}  {note}")
                elif not log_every and done == total:
                    self.info(f"{label}  {count(done, unit)}")

            yield advance

    def show(self, lines: Iterable[str]) -> None:
        """Print a drawing, with its escape sequences for colours."""
        if not self.is_quiet:
            for line in lines:
                _print(line)

    def report(self, answer: "Answer") -> None:
        """Print the error and the warnings of an answer."""
        if answer.error:
            self.error(f"{answer.file}: {answer.error}")
        for warning in answer.warnings:
            self.warn(f"{answer.file}: {warning}")
        for number, reading in enumerate(answer.readings, 1):
            which = f"digit {number}: " if len(answer.readings) > 1 else ""
            for warning in reading.warnings:
                self.warn(f"{answer.file}: {which}{warning}")

    def _open_bar(
        self, label: str, total: int, done: int
    ) -> "AbstractContextManager[Advance | None]":
        if not self.has_bar:
            return nullcontext()
        from mnistcli.cli.progress import show_bar  # rich takes a moment to load

        return show_bar(label, total, done)


def _print(message: str) -> None:
    with suppress(OSError):  # standard error is closed or full
        click.echo(message, err=True)
