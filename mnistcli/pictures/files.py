"""The files of the pictures that a user names: found, labelled and read."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from mnistcli.errors import PictureError
from mnistcli.images import CLASSES
from mnistcli.system.files import read_bounded

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
"""Files that are pictures in a directory; a file that is named itself always is one."""

LABEL_PATTERN = re.compile(r"([0-9])[_.]")
UNLABELLED = "no label: a name like 8_3.png or a folder like 8/ is expected"
STANDARD_INPUT = "-"

MAX_BATCH_PICTURES = 64
"""Prepared and answered together."""

MAX_BATCH_BYTES = 1 << 20
"""Size of the files at which a batch is full: a photo takes as long as many drawings."""


Content = bytes | PictureError
"""The bytes of a picture's file, or why it can't be read."""


class Picture(NamedTuple):
    """The file of a picture, or why there is none."""

    name: str
    label: int | None = None
    error: PictureError | None = None


def find_pictures(names: Iterable[str]) -> Iterator[Picture]:
    """Yield the pictures among files and directories, in order.

    A directory yields the pictures in it, sorted, then those in its folders that are named by a
    digit, which is their label; or an error if there are none.
    """
    for name in names:
        if not os.path.isdir(name):
            yield Picture(name, parse_label(name))
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
    return [Picture(file, parse_label(file)) for file in files]


def parse_label(name: str) -> int | None:
    """Return the digit before ``_`` or ``.`` in a file's name, as in ``8_3.png``, or None."""
    match = LABEL_PATTERN.match(Path(name).name)
    return int(match[1]) if match else None


def _is_picture(entry: "os.DirEntry[str]") -> bool:
    """Tell by the name; a pipe or a device is not a picture."""
    is_named = Path(entry.name).suffix.lower() in PICTURE_SUFFIXES and not entry.name.startswith(
        "."
    )
    return is_named and (entry.is_file() or not os.path.exists(entry.path))


def read_in_batches(found: Iterable[Picture]) -> Iterator[list[tuple[Picture, Content]]]:
    """Read the pictures' files, in batches of bounded size."""
    batch: list[tuple[Picture, Content]] = []
    size = 0
    for picture in found:
        content = picture.error or _read(picture.name)
        batch.append((picture, content))
        size += len(content) if isinstance(content, bytes) else 0
        if len(batch) == MAX_BATCH_PICTURES or size >= MAX_BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(name: str) -> Content:
    try:
        if name != STANDARD_INPUT:
            with open(name, "rb") as stream:
                return read_bounded(stream)
        if sys.stdin is None:
            return PictureError("standard input is closed")
        return read_bounded(sys.stdin.buffer)
    except OSError as error:
        return PictureError(f"{error.strerror}")
