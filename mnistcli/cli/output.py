"""Standard output: results as text, JSON and CSV."""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from mnistcli.cli.console import ESCAPES
from mnistcli.errors import GateError
from mnistcli.system.wording import count

if TYPE_CHECKING:
    from mnistcli.evaluation.metrics import Evaluation
    from mnistcli.inference.recognition import Answer, Reading

STANDARD_OUTPUT = "standard output"
"""Its name in errors."""

NO_ANSWER = "-"
"""Stands for the digit of a picture that has none, in text and CSV."""

SIDES = ("left", "top", "right", "bottom")
"""Columns of a digit's box."""

DOCUMENT_VERSION = 1
"""Version of the JSON documents, raised when a key is renamed or dropped."""


def echo_json(document: dict[str, Any]) -> None:
    """Print a command's one JSON document."""
    import json

    _print(json.dumps({"version": DOCUMENT_VERSION, **document}, allow_nan=False))


def echo_row(*columns: object) -> None:
    """Print an item as columns separated by tabs."""
    echo_line(_join(*columns))


def echo_line(line: str) -> None:
    """Print a line of text, in which the name of a file may be any bytes."""
    with naming_output():
        click.echo(line.encode(errors="surrogateescape"))


@contextmanager
def naming_output() -> Iterator[None]:
    """Let an :class:`OSError` name standard output."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, STANDARD_OUTPUT) from error


def describe_score(evaluation: "Evaluation") -> dict[str, Any]:
    """Return the keys of a JSON document that hold a score."""
    return {
        "accuracy": evaluation.accuracy,
        "correct": evaluation.correct,
        "total": evaluation.total,
        "loss": evaluation.loss,
        "calibration_error": evaluation.calibration_error,
    }


def echo_accuracy(evaluation: "Evaluation", dataset: str, split: str | None) -> None:
    """Print a score as one line."""
    images = f"{dataset} {split}" if split else dataset
    accuracy = _format_accuracy(evaluation.accuracy)
    _print(f"accuracy {accuracy} over {count(evaluation.total, 'images')} ({images})")


def check_accuracy(evaluation: "Evaluation", least: float | None) -> None:
    """Raise :class:`GateError` if the accuracy is below ``--min-accuracy``."""
    if least is not None and not (evaluation.accuracy or 0) >= least:
        accuracy = _format_accuracy(evaluation.accuracy)
        raise GateError(f"accuracy {accuracy} is below --min-accuracy {least}")


def describe_answer(answer: "Answer", several: bool, top: int | None) -> dict[str, Any]:
    """Return an answer's object in the JSON document of ``predict``."""
    if answer.error:
        return {"file": answer.file, "error": answer.error}
    label = answer.label
    picture = {
        "label": label.digit if label and not label.is_guess else None,
        "polarity": answer.polarity,
        "warnings": list(answer.warnings),
    }
    if several:
        text = _join_digits(answer)
        remaining = iter(text)
        rows = ["".join(islice(remaining, count)) for count in answer.rows]
        digits = [_describe_reading(reading, None) for reading in answer.readings]
        return {"file": answer.file, "text": text, "rows": rows, "digits": digits, **picture}
    (reading,) = answer.readings
    described = _describe_reading(reading, top)
    warnings = [*answer.warnings, *described["warnings"]]
    return {"file": answer.file, **described, **picture, "warnings": warnings}


def to_text(answers: "Iterable[Answer]", top: int | None) -> Iterator[str]:
    """Yield a line of columns separated by tabs for each answer without an error."""
    for answer in answers:
        if not answer.error:
            yield _join(answer.file, *_to_columns(answer, top))


def to_csv(answers: "Iterable[Answer]", top: int | None) -> Iterator[str]:
    """Yield a heading, then a line for each answer."""
    ranks = range(1, (top or 0) + 1)
    further = [column for rank in ranks for column in (f"digit_{rank}", f"probability_{rank}")]
    yield _to_csv_line(["file", "digit", "confidence", "warnings", "error", *further])
    for answer in answers:
        digit, confidence, *rest = _to_columns(answer, top)
        warnings = [*answer.warnings, *(w for reading in answer.readings for w in reading.warnings)]
        notes = ["; ".join(warnings), answer.error]
        yield _to_csv_line([answer.file, digit, confidence, *notes, *rest])


def to_digit_rows(answers: "Iterable[Answer]") -> Iterator[str]:
    """Yield a heading, then a line for each digit, or one for a picture that has none."""
    yield _to_csv_line(["file", "row", "digit", "confidence", *SIDES, "warnings", "error"])
    for answer in answers:
        rows = [row for row, size in enumerate(answer.rows, 1) for _ in range(size)]
        for row, reading in zip(rows, answer.readings, strict=False):
            digit = reading.best(1)[0][0] if reading.is_digit else NO_ANSWER
            box = reading.digit.box or [""] * len(SIDES)
            warnings = "; ".join([*answer.warnings, *reading.warnings])
            confidence = f"{reading.confidence:.4f}"
            yield _to_csv_line([answer.file, row, digit, confidence, *box, warnings, ""])
        if not rows:
            nothing = [""] * (3 + len(SIDES))
            warnings = "; ".join(answer.warnings)
            yield _to_csv_line([answer.file, *nothing, warnings, answer.error])


def to_kaggle(answers: "Iterable[Answer]") -> Iterator[str]:
    """Yield a heading, then the number of each picture, from 1, and its most probable digit.

    A picture with an error has no line.
    """
    yield "ImageId,Label"
    for number, answer in enumerate(answers, 1):
        for reading in answer.readings:
            yield f"{number},{reading.best(1)[0][0]}"


def discard_output() -> None:
    """Discard further output: its reader, such as ``head``, has left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _describe_reading(reading: "Reading", top: int | None) -> dict[str, Any]:
    ((digit, probability),) = reading.best(1)
    described = {
        "digit": digit,
        "probability": probability,
        "probabilities": reading.probabilities.tolist(),
        "confidence": reading.confidence,
        "box": reading.digit.box,
        "scale": reading.digit.transform.scale,
        "shift": reading.digit.transform.shift,
        "angle": reading.digit.transform.angle,
        "warnings": list(reading.warnings),
    }
    return {**described, "top": reading.best(top)} if top else described


def _to_columns(answer: "Answer", top: int | None) -> list[str]:
    """Return the digits and the confidence, then the ``top`` of one digit."""
    if answer.error:
        return ["", ""]
    columns = [_join_digits(answer) or NO_ANSWER, f"{answer.confidence:.4f}"]
    for reading in answer.readings if top else ():
        pairs = reading.best(top or 0)
        columns += [column for digit, share in pairs for column in (str(digit), f"{share:.4f}")]
    return columns


def _join_digits(answer: "Answer") -> str:
    return "".join(str(reading.best(1)[0][0]) for reading in answer.readings if reading.is_digit)


def _join(*columns: object) -> str:
    return "\t".join(str(column).translate(ESCAPES) for column in columns)


def _to_csv_line(fields: list[object]) -> str:
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(fields)  # so that names with either are quoted
    return line.getvalue().removesuffix("\r\n")


def _print(text: str) -> None:
    try:
        with naming_output():
            click.echo(text)
    except BrokenPipeError:  # the exit code still counts
        discard_output()


def _format_accuracy(accuracy: float | None) -> str:
    return "unknown" if accuracy is None else f"{accuracy:.4f}"
