"""Listeners for tests: one that ignores everything, and one that remembers it."""

from collections.abc import Iterator
from contextlib import contextmanager

from mnistcli.system.listener import Advance, ignore_progress


class Silence:
    """Ignores everything."""

    def info(self, message: str) -> None:
        pass

    warn = error = info

    @contextmanager
    def progress(
        self, label: str, total: int, unit: str, *, done: int = 0, log_every: int = 0
    ) -> Iterator[Advance]:
        yield ignore_progress


SILENT = Silence()


class Recorder:
    """Remembers messages by their kind, and progress as (label, done, total, note)."""

    def __init__(self) -> None:
        self.infos: list[str] = []
        self.warnings: list[str] = []
        self.errors: list[str] = []
        self.steps: list[tuple[str, int, int, str]] = []

    def info(self, message: str) -> None:
        self.infos.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)

    def error(self, message: str) -> None:
        self.errors.append(message)

    @contextmanager
    def progress(
        self, label: str, total: int, unit: str, *, done: int = 0, log_every: int = 0
    ) -> Iterator[Advance]:
        def advance(done: int, note: str = "") -> None:
            self.steps.append((label, done, total, note))

        yield advance
