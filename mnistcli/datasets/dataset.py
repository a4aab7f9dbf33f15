"""The data sets as arrays, and which one ``auto`` stands for."""

import errno
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets import idx, mnist
from mnistcli.errors import DataError
from mnistcli.images import CLASSES, SIDE, to_one_hot
from mnistcli.system.files import is_inside, read_inside
from mnistcli.system.listener import Listener

DATASET_NAMES = ("mnist", "strokes")
AUTO = "auto"

IMAGE_COUNTS = {"train": 60_000, "test": 10_000}
"""Images of each split, of either data set."""

FILE_PREFIXES = {"train": "train", "test": "t10k"}
"""Beginnings of the names of each split's files."""

STROKES_SEEDS = {"train": 0, "test": 1}
"""Seeds of the strokes."""


@dataclass(frozen=True)
class Dataset:
    """A split of a data set: images with their labels."""

    name: str
    split: str
    images: NDArray[np.uint8]  # [N, 28, 28], 0 background, 255 ink
    labels: NDArray[np.uint8]  # [N], 0 to 9

    @property
    def targets(self) -> NDArray[np.float32]:
        """The labels as one-hot probabilities, [N, 10]."""
        return to_one_hot(self.labels)


def load(name: str, split: str, data_dir: Path, listener: Listener) -> Dataset:
    """Read a split as :func:`read` does, after downloading or drawing what is missing.

    ``auto`` is MNIST, or strokes if no source has MNIST.

    Raises:
        DataError: MNIST was asked for, and a file that no mirror has is missing or damaged.
        OSError: what was downloaded can't be written.
    """
    try:
        return read("mnist" if name == AUTO else name, split, data_dir)
    except DataError as error:
        if name == "strokes":
            return draw_strokes(split, data_dir, listener)
        listener.info(f"{error}; downloading MNIST")
    try:
        mnist.download(data_dir, mnist.MIRRORS, listener)
    except DataError as error:
        if name != AUTO:
            raise
        listener.warn(f"{error}; in place of MNIST, digits drawn from strokes are used")
        return load("strokes", split, data_dir, listener)
    return read("mnist", split, data_dir)


def read(name: str, split: str, data_dir: Path) -> Dataset:
    """Read the split ``train`` (60,000 images) or ``test`` (10,000) of ``mnist`` or ``strokes``.

    MNIST's files are verified by their hashes.

    Raises:
        DataError: a file is missing or damaged.
    """
    if name == "strokes":
        read_file = partial(read_inside, data_dir)
        images, labels = (idx.read(path, read_file) for path in _find_strokes(split, data_dir))
        expected = [((IMAGE_COUNTS[split], SIDE, SIDE), "uint8"), ((IMAGE_COUNTS[split],), "uint8")]
        found = [(array.shape, array.dtype.name) for array in (images, labels)]
        if found != expected or labels.max() >= CLASSES:
            raise DataError(f"{data_dir}: these are not the strokes that were kept here")
    else:
        images, labels = (
            idx.parse(mnist.read_verified(data_dir, file), str(data_dir / file.archive))
            for file in _find_files(split)
        )
    return Dataset(name, split, images, labels)


def draw_strokes(split: str, data_dir: Path, listener: Listener) -> Dataset:
    """Draw a split of ``strokes``, and store it in ``data_dir`` if that can be written."""
    # It loads Pillow, which MNIST doesn't need.
    from mnistcli.datasets.synthetic.dataset import draw_images

    count = IMAGE_COUNTS[split]
    listener.info(f"drawing {count} {split} images from strokes")
    with listener.progress(f"strokes {split}", count, "images") as advance:
        images, labels = draw_images(STROKES_SEEDS[split], count, advance)
    try:
        for path, array in zip(_find_strokes(split, data_dir), (images, labels), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not is_inside(data_dir, path.parent):
                raise OSError(errno.ELOOP, f"leads out of {data_dir}", str(path.parent))
            idx.write(path, array)
    except OSError as error:
        listener.info(f"the strokes are not kept: {error.filename}: {error.strerror}")
    return Dataset("strokes", split, images, labels)


def _find_files(split: str) -> list[mnist.RemoteFile]:
    """Return the files of a split: images, then labels."""
    return [file for file in mnist.FILES if file.name.startswith(FILE_PREFIXES[split])]


def _find_strokes(split: str, data_dir: Path) -> list[Path]:
    """Return where the images and the labels of ``strokes`` are stored, in their version."""
    from mnistcli.datasets.synthetic.dataset import STROKES_VERSION

    folder = data_dir / f"strokes-{STROKES_VERSION}"
    return [folder / file.archive for file in _find_files(split)]
