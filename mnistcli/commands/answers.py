"""What ``mnistcli predict`` says of pictures: as text, JSON and CSV."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from mnistcli.commands.console import ESCAPES

if TYPE_CHECKING:
    from mnistcli.recognition import Answer, Reading


def describe(answer: "Answer", several: bool, top: int | None) -> dict[str, Any]:
    """Return an answer's object in the JSON document; ``several`` digits were asked for, or one."""
    if answer.error:
        return {"file": answer.file, "error": answer.error}
    picture = {"polarity": answer.polarity, "warnings": list(answer.warnings)}
    if several:
        text = _read_all(answer)
        remaining = iter(text)
        rows = ["".join(islice(remaining, count)) for count in answer.rows]
        digits = [_describe(reading, None) for reading in answer.readings]
        return {"file": answer.file, "text": text, "rows": rows, "digits": digits, **picture}
    (reading,) = answer.readings
    described = _describe(reading, top)
    warnings = picture["warnings"] + described["warnings"]
    return {"file": answer.file, **described, **picture, "warnings": warnings}


def to_text(answers: "Iterable[Answer]", top: int | None) -> Iterator[str]:
    """Return a line of columns separated by tabs for each picture that was read."""
    for answer in answers:
        if not answer.error:
            yield "\t".join([answer.file.translate(ESCAPES), *_to_columns(answer, top)])


def to_csv(answers: "Iterable[Answer]", top: int | None) -> Iterator[str]:
    """Return a heading and a line for each picture."""
    ranks = range(1, (top or 0) + 1)
    further = [column for rank in ranks for column in (f"digit_{rank}", f"probability_{rank}")]
    yield _to_csv_line(["file", "digit", "probability", "warnings", "error", *further])
    for answer in answers:
        digit, probability, *rest = _to_columns(answer, top)
        warnings = [*answer.warnings, *(w for reading in answer.readings for w in reading.warnings)]
        notes = ["; ".join(warnings), answer.error]
        yield _to_csv_line([answer.file, digit, probability, *notes, *rest])


def _describe(reading: "Reading", top: int | None) -> dict[str, Any]:
    ((digit, probability),) = reading.best(1)
    described = {
        "digit": digit,
        "probability": probability,
        "probabilities": reading.probabilities.tolist(),
        "confidence": reading.confidence,
        "box": reading.digit.box,
        "scale": reading.digit.scale,
        "shift": reading.digit.shift,
        "warnings": list(reading.warnings),
    }
    return {**described, "top": reading.best(top)} if top else described


def _to_columns(answer: "Answer", top: int | None) -> list[str]:
    """Return the digits and the least of their probabilities, then the ``top`` of one digit."""
    least = min((reading.best(1)[0][1] for reading in answer.readings), default=None)
    columns = [_read_all(answer), "" if least is None else f"{least:.4f}"]
    for reading in answer.readings if top else ():
        pairs = reading.best(top or 0)
        columns += [column for digit, share in pairs for column in (str(digit), f"{share:.4f}")]
    return columns


def _read_all(answer: "Answer") -> str:
    return "".join(str(reading.best(1)[0][0]) for reading in answer.readings)


def _to_csv_line(fields: list[str]) -> str:
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(fields)  # so that both are quoted in names
    return line.getvalue().removesuffix("\r\n")
