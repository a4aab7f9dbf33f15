"""The pictures that a user names, and an answer for each."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistcli.errors import PictureError
from mnistcli.picture import Prepared, prepare
from mnistcli.predictor import Predictor

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
"""The files of a directory that are taken for pictures; a file named by itself always is."""

LABEL = re.compile(r"([0-9])[_.]")
STANDARD_INPUT = "-"
MAX_BYTES = 1 << 28
"""Largest picture file, 256 MiB."""

BATCH_SIZE = 256
"""Pictures held in memory at a time."""


@dataclass(frozen=True)
class Answer:
    """What was read off one picture, or why nothing was."""

    file: str
    probabilities: NDArray[np.float32] | None = None  # [10]
    warnings: tuple[str, ...] = ()
    error: str = ""

    def best(self, count: int) -> list[tuple[int, float]]:
        """Return the ``count`` most probable digits with their probabilities, best first."""
        if self.probabilities is None:
            return []
        order = np.argsort(-self.probabilities, kind="stable")[:count]
        return [(int(digit), float(self.probabilities[digit])) for digit in order]


def recognise(
    names: Iterable[str], predictor: Predictor, preprocess: str, invert: str
) -> Iterator[Answer]:
    """Answer every picture among files, directories and ``-``, in their order.

    What can't be used gets an answer with an error, and the others are answered all the same.
    """
    pictures = (_prepare(name, preprocess, invert) for name in find_pictures(names))
    while batch := list(islice(pictures, BATCH_SIZE)):
        images = [prepared.image for _, prepared in batch if isinstance(prepared, Prepared)]
        probabilities = iter(predictor.predict(np.stack(images)) if images else ())
        for name, prepared in batch:
            if isinstance(prepared, Prepared):
                yield Answer(name, next(probabilities), prepared.warnings)
            else:
                yield Answer(name, error=str(prepared))


def find_pictures(names: Iterable[str]) -> Iterator[str | tuple[str, PictureError]]:
    """Replace each directory by the pictures in it, sorted, or by an error if it has none."""
    for name in names:
        if not os.path.isdir(name):
            yield name
            continue
        try:
            files = sorted(entry.path for entry in os.scandir(name) if _is_picture(entry.name))
        except OSError as error:
            yield name, PictureError(f"{error.strerror}")
            continue
        yield from files
        if not files:
            yield name, PictureError("a directory without pictures")


def label_of(name: str) -> int | None:
    """Return the digit before ``_`` or ``.`` in a picture's file name, as in ``8_3.png``."""
    match = LABEL.match(Path(name).name)
    return int(match[1]) if match else None


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")


def _prepare(
    found: str | tuple[str, PictureError], preprocess: str, invert: str
) -> tuple[str, Prepared | PictureError]:
    if isinstance(found, tuple):
        return found
    try:
        return found, prepare(_read(found), preprocess, invert)
    except PictureError as error:
        return found, error


def _read(name: str) -> bytes:
    try:
        if name == STANDARD_INPUT and sys.stdin is None:
            raise PictureError("standard input is closed")
        if name == STANDARD_INPUT:
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with open(name, "rb") as stream:
                data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise PictureError(f"{error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise PictureError(f"larger than {MAX_BYTES >> 20} MiB")
    return data
