"""Kaggle's contest *Digit Recognizer*: ``train.csv``, a line of numbers for each image.

It has 42,000 of MNIST's 70,000 images in an order of its own; the others are in ``test.csv``,
without labels. So MNIST can't be made of it, and no hash of MNIST's tells whether it is intact:
every line is checked instead. Any file of this form is read, also one of other images.
"""

import io
import os
import shlex
import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistcli.errors import DataError
from mnistcli.images import CLASSES, SIDE
from mnistcli.system.files import read_whole

FILE = "train.csv"

COLUMNS = 1 + SIDE * SIDE
"""The label, then the pixels, row by row."""

LABEL = "label"
"""Name of the first column; the others are ``pixel0`` to ``pixel783``, or named otherwise."""

MAX_LINE_BYTES = 16 * COLUMNS
"""Longest line: a name or a number of 15 characters in each column."""

MIN_LINE_BYTES = 2 * COLUMNS
"""Shortest line: a digit in each column."""

MAX_SHORT_LINES = 100
"""Lines that may be shorter, as empty ones are; millions of them would take minutes."""

TEST_PART = 10
"""One image in so many is held out of training."""


def read(
    split: str, directory: Path, read_file: Callable[[Path], bytes] = read_whole
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Read the images, uint8 [N, 28, 28], 0 background, 255 ink, and the labels, uint8 [N].

    About a tenth of the images are the split ``test``, and the others are ``train``: Kaggle's own
    ``test.csv`` has no labels. An image's bytes decide, so that no image changes sides when lines
    are added or moved, and no model is scored on what it was trained on.

    Raises:
        DataError: the file is missing, or a line is not a label and 784 pixels.
    """
    path = directory / FILE
    try:
        content = read_file(path)
    except DataError as error:
        raise DataError(f"{error}; --data-dir names the directory of Kaggle's {FILE}") from error
    table = _parse(content, path)
    labels, images = table[:, 0], table[:, 1:].reshape(-1, SIDE, SIDE)
    is_test = np.array([zlib.crc32(image.tobytes()) % TEST_PART == 0 for image in images], np.bool_)
    chosen = is_test if split == "test" else ~is_test
    if not chosen.any():
        copies = "too few, or copies of one another"
        raise DataError(f"{path}: of {len(labels)} images, none is for {split}: {copies}")
    return images[chosen], labels[chosen]


def find_hint(directory: Path) -> str:
    """Return how to train on what a directory holds, or nothing if this isn't there."""
    path = directory / FILE
    if not os.path.isfile(path):
        return ""
    try:
        with path.open("rb") as stream:
            is_kaggle = stream.read(len(LABEL)) == LABEL.encode()
    except OSError:
        return ""
    command = f"mnistcli train --dataset kaggle --data-dir {shlex.quote(str(directory))}"
    return f"{path} may be Kaggle's part of MNIST; to train on it: {command}" if is_kaggle else ""


def _parse(content: bytes, path: Path) -> NDArray[np.uint8]:
    """Return the table, uint8 [N, 785]."""
    try:
        if content.count(b"\n") > len(content) // MIN_LINE_BYTES + MAX_SHORT_LINES:
            raise ValueError(f"lines too short for {COLUMNS} columns")
        lines = _read_lines(io.BytesIO(content))
        header = next(lines, "").split(",")
        if header[0] != LABEL or len(header) != COLUMNS:
            raise ValueError(f"the first line must name {COLUMNS} columns, of which one is {LABEL}")
        if (first := next(lines, None)) is None:
            raise ValueError("no images")
        table = np.loadtxt(chain([first], lines), np.uint8, comments=None, delimiter=",", ndmin=2)
        if table.shape[1] != COLUMNS:
            raise ValueError(f"lines of {table.shape[1]} numbers, expected {COLUMNS}")
        if table[:, 0].max() >= CLASSES:
            raise ValueError(f"label {table[:, 0].max()}, expected 0 to {CLASSES - 1}")
    except ValueError as error:
        raise DataError(f"{path}: {error}") from error
    return table


def _read_lines(stream: io.BytesIO) -> Iterator[str]:
    """Read lines of bounded length, and leave out empty ones."""
    while line := stream.readline(MAX_LINE_BYTES + 1):
        if len(line) > MAX_LINE_BYTES:
            raise ValueError(f"a line is longer than {MAX_LINE_BYTES} bytes")
        if text := line.decode("utf-8-sig").strip():
            yield text
