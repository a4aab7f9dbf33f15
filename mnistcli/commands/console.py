"""What goes to standard error beside the results: progress, notes and warnings."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import (
    AbstractContextManager,
    ExitStack,
    contextmanager,
    nullcontext,
    suppress,
)
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mnistcli.commands.bar import Move
    from mnistcli.recognition import Answer


CONTROLS = [*range(32), *range(127, 160)]
ESCAPES = {code: f"\\x{code:02x}" for code in CONTROLS} | str.maketrans(
    {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
)
"""Keeps a file's name on one line and in one column, and the terminal from obeying it."""


class Console:
    """Standard error, in one place: lines, and a bar where it is a terminal."""

    def __init__(self, *, is_quiet: bool) -> None:
        """With ``is_quiet``, print nothing but errors."""
        self.is_quiet = is_quiet
        self.has_bar = not is_quiet and sys.stderr is not None and sys.stderr.isatty()
        self.errors = 0

    def info(self, message: str) -> None:
        """Print a line of progress or a hint."""
        if not self.is_quiet:
            _print(message.translate(ESCAPES))

    def warn(self, message: str) -> None:
        """Print a warning."""
        self.info(f"warning: {message}")

    def error(self, message: str) -> None:
        """Print an error, quiet or not, and count it."""
        self.errors += 1
        _print(f"error: {message}".translate(ESCAPES))

    def show(self, lines: Iterable[str]) -> None:
        """Print a drawing, with the colours that it asks a terminal for."""
        if not self.is_quiet:
            for line in lines:
                _print(line)

    def report(self, answer: "Answer") -> None:
        """Print what is wrong with a picture, or with a digit on it."""
        if answer.error:
            self.error(f"{answer.file}: {answer.error}")
        for warning in answer.warnings:
            self.warn(f"{answer.file}: {warning}")
        for number, reading in enumerate(answer.readings, 1):
            which = f"digit {number}: " if len(answer.readings) > 1 else ""
            for warning in reading.warnings:
                self.warn(f"{answer.file}: {which}{warning}")

    @contextmanager
    def show_training(
        self, first_step: int, steps: int, log_every: int
    ) -> Iterator[Callable[[int, float, float], None]]:
        """Yield the function to call with the step reached, the loss and the accuracy."""
        with self._bar("training", steps, first_step) as move:

            def show(step: int, loss: float, accuracy: float) -> None:
                said = f"loss {loss:.4f}  accuracy {accuracy:.4f}"
                if move:
                    move(step, said)
                elif step % log_every == 0 or step == steps:
                    self.info(f"step {step}/{steps}  {said}")

            yield show

    @contextmanager
    def show_progress(self, unit: str) -> Iterator[Callable[[str, int, int], None]]:
        """Yield the function to call with what is made, how much of it is, and how much will be."""
        move, shown, before = None, "", 0
        with ExitStack() as stack:

            def show(name: str, made: int, length: int) -> None:
                nonlocal move, shown, before
                if name != shown or made < before:
                    stack.close()
                    move = stack.enter_context(self._bar(name, length))
                shown, before = name, made
                if move:
                    move(made, unit)
                elif made == length:
                    self.info(f"{name}  {made} {unit}")

            yield show

    def _bar(self, label: str, length: int, done: int = 0) -> "AbstractContextManager[Move | None]":
        """Show a live bar that can be moved, or on what is no terminal none."""
        if not self.has_bar:
            return nullcontext()
        from mnistcli.commands.bar import show_bar  # rich takes a moment

        return show_bar(label, length, done)


def _print(message: str) -> None:
    with suppress(OSError):  # nobody is left to be told
        click.echo(message, err=True)
