"""The pictures that a user names, and an answer for each."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mnistcli.errors import PictureError
from mnistcli.parallel import map_ahead
from mnistcli.picture import Prepared, prepare

if TYPE_CHECKING:  # or other processes, which only prepare pictures, would load LiteRT
    from mnistcli.predictor import Predictor

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
"""The files of a directory that are taken for pictures; a file named by itself always is."""

LABEL = re.compile(r"([0-9])[_.]")
STANDARD_INPUT = "-"
MAX_BYTES = 1 << 28
"""Largest picture file, 256 MiB."""

USUAL_BYTES = 1 << 16
"""Read at first: memory for the largest file takes longer to get than a small file to read."""

BATCH_SIZE = 64
"""Most pictures prepared and answered at a time."""

BATCH_BYTES = 1 << 20
"""Size of their files at which a batch is full: a photograph takes as long as many drawings."""


Content = bytes | PictureError
"""What a picture's file holds, or why it can't be read."""


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
    names: Iterable[str], predictor: "Predictor", preprocess: str, invert: str
) -> Iterator[Answer]:
    """Answer every picture among files, directories and ``-``, in their order.

    What can't be used gets an answer with an error, and the others are answered all the same.
    """
    prepare_all = partial(_prepare_all, preprocess=preprocess, invert=invert)
    for batch in map_ahead(prepare_all, _read_in_batches(find_pictures(names))):
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


def _read_in_batches(
    found: Iterable[str | tuple[str, PictureError]],
) -> Iterator[list[tuple[str, Content]]]:
    """Read the pictures' files, a bounded amount at a time."""
    batch: list[tuple[str, Content]] = []
    size = 0
    for item in found:
        name, content = (item, _read(item)) if isinstance(item, str) else item
        batch.append((name, content))
        size += len(content) if isinstance(content, bytes) else 0
        if len(batch) == BATCH_SIZE or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _prepare_all(
    batch: list[tuple[str, Content]], preprocess: str, invert: str
) -> list[tuple[str, Prepared | PictureError]]:
    return [(name, _prepare(content, preprocess, invert)) for name, content in batch]


def _prepare(content: Content, preprocess: str, invert: str) -> Prepared | PictureError:
    try:
        return (
            content if isinstance(content, PictureError) else prepare(content, preprocess, invert)
        )
    except PictureError as error:
        return error


def _read(name: str) -> Content:
    try:
        if name != STANDARD_INPUT:
            with open(name, "rb") as stream:
                return _read_stream(stream)
        if sys.stdin is None:
            return PictureError("standard input is closed")
        return _read_stream(sys.stdin.buffer)
    except OSError as error:
        return PictureError(f"{error.strerror}")


def _read_stream(stream: BinaryIO) -> Content:
    content = stream.read(USUAL_BYTES)
    if len(content) == USUAL_BYTES:
        content += stream.read(MAX_BYTES + 1 - USUAL_BYTES)
    if len(content) > MAX_BYTES:
        return PictureError(f"larger than {MAX_BYTES >> 20} MiB")
    return content
