"""The files of the pictures that a user names: found, labelled and read."""

import os
import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mnistcli.errors import PictureError
from mnistcli.pictures.formats import explain_name, is_picture_name, shorten
from mnistcli.pictures.labels import Label, find_label, parse_folder
from mnistcli.system.files import read_bounded

STANDARD_INPUT = "-"

MAX_DEPTH = 3
"""Folders in each other in which labelled ones are looked for: ``archive/mnist_png/training/8``."""

MAX_BATCH_PICTURES = 64
"""Prepared and answered together."""

MAX_BATCH_BYTES = 1 << 20
"""Size of the files at which a batch is full: a photo takes as long as many drawings."""


Content = bytes | PictureError
"""The bytes of a picture's file, or why it can't be read."""


class Picture(NamedTuple):
    """A picture that a user named, in a file of its own or with its content given."""

    name: str
    label: Label | None = None
    content: Content | None = None  # None: to be read from the file of that name


def find_pictures(names: Iterable[str]) -> Iterator[Picture]:
    """Yield the pictures among files and directories, in order.

    A directory yields the pictures in it, sorted, then those in its folders that are named by a
    digit, which is their label, also in folders of its folders; or an error if there are none.
    """
    for name in names:
        if hint := explain_name(name):
            yield Picture(shorten(name), content=PictureError(hint))
            continue
        if not os.path.isdir(name):
            yield Picture(name, find_label(name))
            continue
        pictures = _list(name)
        yield from pictures
        if not pictures:
            looked = "folders like 8/ were looked for, too"
            yield Picture(name, content=PictureError(f"a directory without pictures; {looked}"))


def _list(directory: str, depth: int = 0) -> list[Picture]:
    """Return a directory's pictures, if it was named itself or has a label, and its folders'."""
    is_wanted = depth == 0 or parse_folder(directory) is not None
    try:
        with os.scandir(directory) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        refused = Picture(directory, content=PictureError(f"{error.strerror}"))
        return [refused] if is_wanted else []
    files = [entry.path for entry in entries if _is_picture(entry)] if is_wanted else []
    pictures = [Picture(file, find_label(file)) for file in files]
    for entry in entries if depth < MAX_DEPTH else ():
        if _is_folder(entry):
            pictures += _list(entry.path, depth + 1)
    return pictures


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    """Links are followed to labelled folders only: others may lead far away, or in a circle."""
    if entry.name.startswith(".") or not entry.is_dir():
        return False
    return not entry.is_symlink() or parse_folder(entry.path) is not None


def _is_picture(entry: "os.DirEntry[str]") -> bool:
    """Tell by the name; a pipe or a device is not a picture."""
    is_named = is_picture_name(entry.name) and not entry.name.startswith(".")
    return is_named and (entry.is_file() or not os.path.exists(entry.path))


def read_in_batches(found: Iterable[Picture]) -> Iterator[list[tuple[Picture, Content]]]:
    """Read the pictures' files, in batches of bounded size."""
    batch: list[tuple[Picture, Content]] = []
    size = 0
    for picture in found:
        content = _read(picture.name) if picture.content is None else picture.content
        batch.append((picture._replace(content=None), content))
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
