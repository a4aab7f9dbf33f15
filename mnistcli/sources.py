"""The pictures that a user names, found and read."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mnistcli.digit import CLASSES
from mnistcli.errors import PictureError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
"""The files of a directory that are taken for pictures; a file named by itself always is."""

LABEL = re.compile(r"([0-9])[_.]")
UNLABELLED = "no label: a name like 8_3.png or a folder like 8/ is expected"
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


class Picture(NamedTuple):
    """A picture that was found, or why there is none."""

    name: str
    label: int | None = None
    error: PictureError | None = None


def find_pictures(names: Iterable[str]) -> Iterator[Picture]:
    """Replace each directory by the pictures in it, sorted, or by an error if it has none.

    After them come those in its folders that are named by a digit, which is their label.
    """
    for name in names:
        if not os.path.isdir(name):
            yield Picture(name, label_of(name))
            continue
        pictures = _list(name)
        for digit in range(CLASSES):
            folder = os.path.join(name, str(digit))
            if os.path.isdir(folder):
                pictures += [picture._replace(label=digit) for picture in _list(folder)]
        yield from pictures
        if not pictures:
            yield Picture(name, error=PictureError("a directory without pictures"))


def _list(folder: str) -> list[Picture]:
    try:
        with os.scandir(folder) as entries:
            files = sorted(entry.path for entry in entries if _is_picture(entry))
    except OSError as error:
        return [Picture(folder, error=PictureError(f"{error.strerror}"))]
    return [Picture(file, label_of(file)) for file in files]


def label_of(name: str) -> int | None:
    """Return the digit before ``_`` or ``.`` in a picture's file name, as in ``8_3.png``."""
    match = LABEL.match(Path(name).name)
    return int(match[1]) if match else None


def _is_picture(entry: "os.DirEntry[str]") -> bool:
    """Tell by the name; what only waits for a writer, such as a pipe, is none."""
    is_named = Path(entry.name).suffix.lower() in SUFFIXES and not entry.name.startswith(".")
    return is_named and (entry.is_file() or not os.path.exists(entry.path))


def read_in_batches(
    found: Iterable[Picture],
) -> Iterator[list[tuple[Picture, Content]]]:
    """Read the pictures' files, a bounded amount at a time."""
    batch: list[tuple[Picture, Content]] = []
    size = 0
    for picture in found:
        content = picture.error or _read(picture.name)
        batch.append((picture, content))
        size += len(content) if isinstance(content, bytes) else 0
        if len(batch) == BATCH_SIZE or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


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
