"""Images in files of arrays, as data sets are passed around: NumPy's, IDX and CSV.

Each image becomes a picture, so that it is prepared as those in files of their own are. One that is
normalized as MNIST's are is used as it is.
"""

import csv
import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets import idx, npz
from mnistcli.errors import DataError, PictureError
from mnistcli.images import CLASSES, PIXELS, SIDE
from mnistcli.pictures.files import Picture, find_pictures
from mnistcli.pictures.labels import Label
from mnistcli.pictures.sources import find_scale
from mnistcli.system.files import MAX_FILE_BYTES, read_whole

IDX_NAME = re.compile(r".*(idx[0-9]-ubyte|\.idx)(\.gz)?", re.IGNORECASE | re.DOTALL)

LABEL_COLUMNS = ("label", "class", "digit", "target")
INDEX_COLUMNS = ("", "id", "index", "imageid")
"""Names of a table's columns that are no pixels, in lower case."""

ROWS_AT_ONCE = 1000
"""Rows of a table that are in memory at a time."""

MAX_LINE = 1 << 16
"""Characters of the longest row: 784 pixels as floating-point numbers have up to 25 each."""

DAMAGES = (EOFError, LookupError, MemoryError, RuntimeError, ValueError)
"""What NumPy raises for damaged files."""

Array = NDArray[Any]


def find_images(names: Iterable[str]) -> Iterator[Picture]:
    """Yield the images among pictures, directories and files of arrays, in order."""
    for name in names:
        read = find_reader(name)
        if read is None or not os.path.isfile(name):
            yield from find_pictures([name])
            continue
        try:
            yield from read(name)
        except (DataError, PictureError) as error:
            yield Picture(name, content=PictureError(str(error).removeprefix(f"{name}: ")))
        except OSError as error:
            yield Picture(name, content=PictureError(f"{error.strerror or error}"))
        except DAMAGES as error:
            yield Picture(name, content=PictureError(f"damaged, or of another format: {error}"))


def find_reader(name: str) -> Callable[[str], Iterator[Picture]] | None:
    """Return the function that reads a file's images, by the file's name; None for a picture."""
    readers = {".npy": read_npy, ".npz": read_npz, ".csv": read_csv}
    reader = readers.get(os.path.splitext(name)[1].lower())
    return read_idx if reader is None and IDX_NAME.fullmatch(name) else reader


def read_npy(name: str) -> Iterator[Picture]:
    """Yield the images of an array, which need not fit in memory."""
    return list_images(name, np.lib.format.open_memmap(name, "r"), None)


def read_npz(name: str) -> Iterator[Picture]:
    """Yield the images of all arrays of images, with the labels that belong to them, if any do."""
    data = read_whole(Path(name))
    names = npz.list_names(data, name)
    found = {key: npz.read(data, key, name) for key in names if not is_label_name(key)}
    keys = [key for key, array in found.items() if array.ndim > 1]
    if not keys:
        raise PictureError(f"no array of images, only {', '.join(names) or 'nothing'}")
    for key in keys:
        own = next((other for other in names if is_of(other, key)), None)
        labels = npz.read(data, own, name) if own else None
        yield from list_images(f"{name}[{key}]", found[key], labels)


def is_label_name(key: str) -> bool:
    """Tell whether an array's name is that of labels: ``y_train``, ``train_labels``."""
    return re.search(r"label|target|(^|_)y(_|$)", key, re.IGNORECASE) is not None


def is_of(key: str, images: str) -> bool:
    """Tell whether an array's name is that of the labels of the images of another name."""
    split = re.compile(r"images?|labels?|targets?|data|(?<![a-z])[xy](?![a-z])|_", re.IGNORECASE)
    return is_label_name(key) and split.sub("", key) == split.sub("", images)


def read_idx(name: str) -> Iterator[Picture]:
    """Yield the images of an IDX file, with the labels of the file beside it, if there is one."""
    images = idx.read(Path(name))
    folder, file = os.path.split(name)
    beside = Path(folder, file.replace("images", "labels").replace("idx3", "idx1"))
    has_labels = beside.name != file and beside.is_file()
    return list_images(name, images, idx.read(beside) if has_labels else None)


def read_csv(name: str) -> Iterator[Picture]:
    """Yield the images of a table with 784 columns of pixels and perhaps one of labels."""
    number = 0
    with open(name, encoding="utf-8-sig", errors="replace") as stream:
        lines = (line for line in iter(partial(stream.readline, MAX_LINE), "") if line.strip())
        first = next(lines, "")
        fields = next(csv.reader([first]), [])
        has_heading = not all(map(is_number, fields))
        pixels, label = choose_columns(fields if has_heading else ["pixel"] * len(fields))
        rows = lines if has_heading else chain([first], lines)
        while block := list(islice(rows, ROWS_AT_ONCE)):
            try:
                table = parse_rows(block, len(fields))
            except ValueError as error:
                raise PictureError(f"after row {number}: {error}") from error
            labels = table[:, label].tolist() if label is not None else [None] * len(table)
            images = table[:, pixels].reshape(-1, SIDE, SIDE)
            scale = find_scale(images)
            for image, digit in zip(images, labels, strict=True):
                yield Picture(f"{name}[{number}]", to_label(digit), to_netpbm(image, scale))
                number += 1
    if not number:
        raise PictureError("a table without rows")


def choose_columns(heading: list[str]) -> tuple[list[int], int | None]:
    """Return which columns are pixels, and which is the label, if one is.

    That is the one which the heading calls so, or else the first of 785.

    Raises:
        PictureError: there are not as many columns as an image has pixels.
    """
    names = [name.strip().lower() for name in heading]
    label = next((i for i, name in enumerate(names) if name in LABEL_COLUMNS), None)
    pixels = [i for i, name in enumerate(names) if i != label and name not in INDEX_COLUMNS]
    if label is None and len(pixels) == PIXELS + 1:
        label, *pixels = pixels
    if len(pixels) != PIXELS:
        expected = f"{PIXELS} of pixels, or one more of labels, are expected"
        raise PictureError(f"a table of {len(heading)} columns; {expected}")
    return pixels, label


def parse_rows(lines: list[str], columns: int) -> Array:
    """Return the numbers [rows, columns] in lines of a table; whole ones are parsed much faster.

    Raises:
        ValueError: a line has something else in it, or not as many columns.
    """
    parse = partial(np.loadtxt, lines, delimiter=",", comments=None, quotechar='"', ndmin=2)
    try:
        table = parse(dtype=np.int32)
    except ValueError:
        table = parse(dtype=np.float32)
    if table.shape[1] != columns:
        raise ValueError(f"{table.shape[1]} columns in place of {columns}")
    return table


def is_number(field: str) -> bool:
    """Tell whether a table's field is a number, and not the name of a column."""
    try:
        float(field)
    except ValueError:
        return False
    return True


def list_images(name: str, array: Array, labels: Array | None) -> Iterator[Picture]:
    """Yield the images of an array of one of the usual shapes, with their labels [N]."""
    images = to_images(array)
    if not len(images):
        raise PictureError("no images")
    if images[0].size > MAX_FILE_BYTES:
        raise PictureError(f"images of {images[0].size} numbers each")
    scale = find_scale(images)
    if labels is not None and labels.size != len(images):
        raise PictureError(f"{len(images)} images have {labels.size} labels")
    digits = [None] * len(images) if labels is None else labels.ravel().tolist()
    for number, (image, digit) in enumerate(zip(images, digits, strict=True)):
        yield Picture(f"{name}[{number}]", to_label(digit), to_netpbm(image, scale))


def to_images(array: Array) -> Array:
    """Return an array of images as [N, H, W], or [N, H, W, 3] if they have colours.

    Raises:
        PictureError: it has no shape of images.
    """
    shape = array.shape
    if array.ndim in (1, 2) and shape[-1] == PIXELS:
        return array.reshape(-1, SIDE, SIDE)
    if array.ndim > 2 and shape[-1] == 1:
        return to_images(array[..., 0])
    if array.ndim == 4 and shape[1] == 1:
        return array[:, 0]
    dimensions = 4 if shape[-1:] == (3,) else 3
    if array.ndim not in (dimensions, dimensions - 1) or shape[-1] == 4:
        found = "×".join(map(str, shape)) or "one"
        raise PictureError(f"an array of {found} numbers, where N×28×28 or N×784 are expected")
    return array if array.ndim == dimensions else array[np.newaxis]


def to_netpbm(image: Array, scale: float) -> bytes:
    """Return an image, [H, W] or [H, W, 3], as a picture's file."""
    height, width, *colours = image.shape
    levels = np.rint(np.multiply(image, scale, dtype=np.float32)).astype(np.uint8)
    return b"P%d %d %d 255\n" % (6 if colours else 5, width, height) + levels.tobytes()


def to_label(value: float | None) -> Label | None:
    """Return a label if a value is a digit."""
    return Label(int(value)) if value is not None and value in range(CLASSES) else None
