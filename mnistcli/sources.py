"""The pictures that a user names, found and read."""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from mnistcli.errors import PictureError

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp"})
"""The files of a directory that are taken for pictures; a file named by itself always is."""

LABEL = re.compile(r"([0-9])[_.]")
LABELLED_FOLDER = re.compile(r"[0-9]")
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


def find_pictures(names: Iterable[str]) -> Iterator[str | tuple[str, PictureError]]:
    """Replace each directory by the pictures in it, sorted, or by an error if it has none.

    Those of its folders that are named by a digit come after its own.
    """
    for name in names:
        if not os.path.isdir(name):
            yield name
            continue
        try:
            files = _list_pictures(name)
        except OSError as error:
            yield name, PictureError(f"{error.strerror}")
            continue
        yield from files
        if not files:
            yield name, PictureError("a directory without pictures")


def _list_pictures(directory: str) -> list[str]:
    entries = sorted(os.scandir(directory), key=lambda entry: entry.path)
    files = [entry.path for entry in entries if _is_picture(entry.name)]
    for entry in entries:
        if LABELLED_FOLDER.fullmatch(entry.name) and entry.is_dir():
            files += _list_pictures(entry.path)
    return files


def label_of(name: str) -> int | None:
    """Return the label that a picture's name gives.

    It is the digit that its folder is named by, as of ``8/3.png``, or else the one before ``_`` or
    ``.`` in the file's name, as of ``8_3.png``.
    """
    path = Path(name)
    if LABELLED_FOLDER.fullmatch(path.parent.name):
        return int(path.parent.name)
    match = LABEL.match(path.name)
    return int(match[1]) if match else None


def _is_picture(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")


def read_in_batches(
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
