"""The result of trying a fault: how often it was tried, and what was lost."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

Number = TypeVar("Number", int, float)


@dataclass(frozen=True)
class Effort:
    """How often faults are tried, and where."""

    is_long: bool
    directory: Path  # empty, for temporary files

    def pick(self, short: Number, long: Number) -> Number:
        """Return the number for this effort."""
        return long if self.is_long else short


@dataclass
class Outcome:
    """One row of the table."""

    fault: str
    expected: str
    tried: int = 0
    lost: list[str] = field(default_factory=list)
    skipped: str = ""  # why it was not tried
    note: str = ""  # a figure that was measured

    def expect(self, holds: bool, otherwise: str) -> None:
        """Record a failure, if something does not hold."""
        if not holds:
            self.lost.append(otherwise)
