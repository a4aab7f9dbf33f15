"""The data sets as arrays, and which one ``auto`` means."""

import errno
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mnistcli import download, idx
from mnistcli.digit import CLASSES, SIDE, to_one_hot
from mnistcli.errors import DataError
from mnistcli.files import is_inside, read_inside

NAMES = ("mnist", "strokes")
AUTO = "auto"

COUNTS = {"train": 60_000, "test": 10_000}
"""Images of each split, of either data set."""

PREFIXES = {"train": "train", "test": "t10k"}
"""How the names of each split's files begin."""

SEEDS = {"train": 0, "test": 1}
"""Of the strokes."""


@dataclass(frozen=True)
class Dataset:
    """A split of a data set: images with their labels."""

    name: str
    split: str
    images: NDArray[np.uint8]  # [N, 28, 28], 0 background, 255 ink
    labels: NDArray[np.uint8]  # [N], 0 to 9

    @property
    def targets(self) -> NDArray[np.float32]:
        """The labels as probabilities, one-hot [N, 10]."""
        return to_one_hot(self.labels)


class Listener(Protocol):
    """Who is told what is being done, since it may take a while."""

    def info(self, message: str) -> None:
        """Take note of what is done."""

    def warn(self, message: str) -> None:
        """Take note of what is not as the user may expect."""

    def show_progress(self, unit: str) -> AbstractContextManager[download.Progress]:
        """Give the function to call with what is made, how much of it is, and how much will be."""


def load(name: str, split: str, data_dir: Path, listener: Listener) -> Dataset:
    """Read a split as :func:`read` does, after downloading or drawing what is missing.

    ``auto`` is MNIST, or the strokes where no source has it.

    Raises:
        DataError: MNIST was asked for, and a file is missing or damaged that no mirror has.
        OSError: what was downloaded can't be written.
    """
    try:
        return read("mnist" if name == AUTO else name, split, data_dir)
    except DataError as error:
        if name == "strokes":
            return draw_strokes(split, data_dir, listener)
        listener.info(f"{error}; downloading MNIST")
    try:
        with listener.show_progress("bytes") as progress:
            download.download(data_dir, download.MIRRORS, progress)
    except DataError as error:
        if name != AUTO:
            raise
        listener.warn(f"{error}; in place of MNIST, digits drawn from strokes are used")
        return load("strokes", split, data_dir, listener)
    return read("mnist", split, data_dir)


def read(name: str, split: str, data_dir: Path) -> Dataset:
    """Read ``mnist``'s or ``strokes``' split ``train`` (60,000 images) or ``test`` (10,000).

    MNIST's files are verified by their hashes.

    Raises:
        DataError: a file is missing or damaged.
    """
    if name == "strokes":
        read_file = partial(read_inside, data_dir)
        images, labels = (idx.read(path, read_file) for path in _find_strokes(split, data_dir))
        expected = [((COUNTS[split], SIDE, SIDE), "uint8"), ((COUNTS[split],), "uint8")]
        found = [(array.shape, array.dtype.name) for array in (images, labels)]
        if found != expected or labels.max() >= CLASSES:
            raise DataError(f"{data_dir}: these are not the strokes that were kept here")
    else:
        images, labels = (
            idx.parse(download.read_verified(data_dir, file), str(data_dir / file.archive))
            for file in _find_files(split)
        )
    return Dataset(name, split, images, labels)


def draw_strokes(split: str, data_dir: Path, listener: Listener) -> Dataset:
    """Draw a split of the strokes, and keep it in ``data_dir`` if that can be written."""
    from mnistcli import strokes  # and with it Pillow, which MNIST doesn't need

    count = COUNTS[split]
    listener.info(f"drawing {count} {split} images from strokes")
    with listener.show_progress("images") as progress:
        images, labels = strokes.make(
            SEEDS[split], count, lambda made: progress(f"strokes {split}", made, count)
        )
    try:
        for path, array in zip(_find_strokes(split, data_dir), (images, labels), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not is_inside(data_dir, path.parent):
                raise OSError(errno.ELOOP, f"leads out of {data_dir}", str(path.parent))
            idx.write(path, array)
    except OSError as error:
        listener.info(f"the strokes are not kept: {error.filename}: {error.strerror}")
    return Dataset("strokes", split, images, labels)


def _find_files(split: str) -> list[download.RemoteFile]:
    """Return the files of a split: images, then labels."""
    return [file for file in download.FILES if file.name.startswith(PREFIXES[split])]


def _find_strokes(split: str, data_dir: Path) -> list[Path]:
    """Return where the strokes' images and labels are kept, by the version that draws them."""
    from mnistcli.strokes import VERSION

    folder = data_dir / f"strokes-{VERSION}"
    return [folder / file.archive for file in _find_files(split)]
