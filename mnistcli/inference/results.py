"""What a Python program gets: one digit, or all digits of a picture."""

from dataclasses import dataclass, field
from itertools import islice

from mnistcli.inference.recognition import Answer, Reading
from mnistcli.pictures.geometry import Box


@dataclass(frozen=True)
class Result:
    """One digit, as a model reads it."""

    digit: int | None
    """0 to 9; None if there is nothing like a digit."""

    confidence: float
    """Probability in [0, 1] that it is a digit, and this one."""

    probabilities: tuple[float, ...] = field(repr=False)
    """Of the digits 0 to 9, if it is one; their sum is 1."""

    box: Box | None
    """Where it is, in pixels of the upright picture: left, top, right, bottom; the last two are
    exclusive. None if nothing was found."""

    warnings: tuple[str, ...]
    """What may be wrong, each as a sentence."""

    def __repr__(self) -> str:
        """Return the fields but the probabilities, as an expression."""
        box = self.box and tuple(self.box)
        shown = f"digit={self.digit}, confidence={self.confidence:.4f}, box={box}"
        return f"Result({shown}, warnings={self.warnings})"


@dataclass(frozen=True)
class Page:
    """All digits of a picture, in reading order."""

    rows: tuple[str, ...]
    """The digits of each row, such as ("742", "13")."""

    digits: tuple[Result, ...] = field(repr=False)
    """Each digit, row after row."""

    warnings: tuple[str, ...]
    """What may be wrong with the whole picture; see also those of each digit."""

    @property
    def text(self) -> str:
        """The digits of all rows, such as "74213"."""
        return "".join(self.rows)

    @property
    def confidence(self) -> float:
        """The least confidence of its digits, 0 if there are none."""
        return min((digit.confidence for digit in self.digits), default=0.0)

    def __str__(self) -> str:
        """Return a line for each row."""
        return "\n".join(self.rows)


def to_result(answer: Answer) -> Result:
    """Return the one digit of an answer, with the warnings about the whole picture."""
    (reading,) = answer.readings
    return _to_result(reading, answer.warnings)


def to_page(answer: Answer) -> Page:
    """Return all digits of an answer."""
    digits = tuple(_to_result(reading) for reading in answer.readings)
    remaining = iter(digits)
    rows = ("".join(str(one.digit) for one in islice(remaining, n)) for n in answer.rows)
    return Page(tuple(rows), digits, _reword(answer.warnings))


def _to_result(reading: Reading, warnings: tuple[str, ...] = ()) -> Result:
    ((digit, _),) = reading.best(1)
    return Result(
        digit if reading.is_digit else None,
        reading.confidence,
        tuple(reading.probabilities.tolist()),
        reading.digit.box,
        _reword((*warnings, *reading.warnings)),
    )


def _reword(warnings: tuple[str, ...]) -> tuple[str, ...]:
    """Name the function, not the option of the command line, that reads all digits."""
    return tuple(warning.replace("--several", "read_all()") for warning in warnings)
