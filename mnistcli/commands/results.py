"""What goes to standard output."""

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from mnistcli.commands.console import ESCAPES
from mnistcli.errors import GateError

if TYPE_CHECKING:
    from mnistcli.evaluation import Evaluation

VERSION = 1
"""Of the JSON documents: raised when a key is renamed or dropped."""


def echo_json(document: dict[str, Any]) -> None:
    """Print a command's one JSON document."""
    import json

    _print(json.dumps({"version": VERSION, **document}, allow_nan=False))


def echo_row(*columns: object) -> None:
    """Print an item as columns with tabs in between."""
    echo_line("\t".join(str(column).translate(ESCAPES) for column in columns))


def echo_line(line: str) -> None:
    """Print a line of text, in which a file's name may be any bytes."""
    click.echo(line.encode(errors="surrogateescape"))


def describe(evaluation: "Evaluation") -> dict[str, Any]:
    """Return the keys of a JSON document that hold a score."""
    return {
        "accuracy": evaluation.accuracy,
        "correct": evaluation.correct,
        "total": evaluation.total,
        "loss": evaluation.loss,
    }


def echo_accuracy(evaluation: "Evaluation", dataset: str, split: str | None) -> None:
    """Print a score in one line."""
    images = f"{dataset} {split}" if split else dataset
    _print(f"accuracy {_show(evaluation.accuracy)} over {evaluation.total} images ({images})")


def check_accuracy(evaluation: "Evaluation", least: float | None) -> None:
    """Raise :class:`GateError` if the accuracy is below what was asked for."""
    if least is not None and not (evaluation.accuracy or 0) >= least:
        shown = _show(evaluation.accuracy)
        raise GateError(f"accuracy {shown} is below --min-accuracy {least}")


def discard_output() -> None:
    """Send standard output nowhere from now on: its reader, such as head, has left."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print(text: str) -> None:
    try:
        click.echo(text)
    except BrokenPipeError:  # the exit code still counts
        discard_output()


def _show(accuracy: float | None) -> str:
    return "unknown" if accuracy is None else f"{accuracy:.4f}"
