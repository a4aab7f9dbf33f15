"""The data sets as arrays, and which one ``auto`` stands for."""

import errno
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets import idx, kaggle, mnist
from mnistcli.errors import DataError, UnavailableError
from mnistcli.images import CLASSES, SIDE, Gray, to_one_hot
from mnistcli.system.files import is_inside, read_inside
from mnistcli.system.listener import Listener

DATASET_NAMES = ("mnist", "strokes", "kaggle")
AUTO = "auto"

IMAGE_COUNTS = {"train": 60_000, "test": 10_000}
"""Images of each split of MNIST and of the strokes."""

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
        OtherDataError: MNIST was asked for, and the directory has the user's data in its place.
        DataError: a file that was asked for is missing or damaged, and no mirror has it.
        OSError: what was downloaded can't be written.
    """
    try:
        return read("mnist" if name == AUTO else name, split, data_dir)
    except DataError as error:
        if name == "strokes":
            return draw_strokes(split, data_dir, listener)
        if name == "kaggle":
            raise
        _announce(error, data_dir, listener)
    try:
        mnist.download(data_dir, mnist.MIRRORS, listener)
    except UnavailableError as error:
        if name != AUTO:
            raise
        listener.warn(
            f"MNIST can't be downloaded ({error.reasons}): digits drawn from strokes take its place"
        )
        listener.info("'mnistcli download' tries again, and with --from URL_OR_DIR elsewhere")
        return load("strokes", split, data_dir, listener)
    return read("mnist", split, data_dir)


def read(name: str, split: str, data_dir: Path) -> Dataset:
    """Read the split ``train`` or ``test`` of a data set from its files.

    MNIST's files are verified by their hashes. They and the strokes have 60,000 and 10,000 images.

    Raises:
        DataError: a file is missing or damaged.
    """
    if name == "kaggle":
        images, labels = kaggle.read(split, data_dir, partial(read_inside, data_dir))
    elif name == "strokes":
        images, labels = _read_strokes(split, data_dir)
    else:
        copies = (mnist.read_verified(data_dir, file) for file in _find_files(split))
        images, labels = (idx.parse(copy.content, str(copy.path)) for copy in copies)
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


def _announce(problem: DataError, data_dir: Path, listener: Listener) -> None:
    """Say why MNIST is downloaded; refuse, if the user's data is in its place."""
    mnist.refuse_others(data_dir, [problem])
    if hint := kaggle.find_hint(data_dir):
        listener.info(hint)
    if isinstance(problem.__cause__, FileNotFoundError):
        listener.info(f"MNIST is not yet in {data_dir}: downloading what is missing")
    else:
        listener.info(f"{problem}; downloading MNIST")


def _read_strokes(split: str, data_dir: Path) -> tuple[Gray, NDArray[np.uint8]]:
    """Read the images and labels of ``strokes`` that were stored."""
    read_file = partial(read_inside, data_dir)
    images, labels = (idx.read(path, read_file) for path in _find_strokes(split, data_dir))
    expected = [((IMAGE_COUNTS[split], SIDE, SIDE), "uint8"), ((IMAGE_COUNTS[split],), "uint8")]
    found = [(array.shape, array.dtype.name) for array in (images, labels)]
    if found != expected or labels.max() >= CLASSES:
        raise DataError(f"{data_dir}: these are not the strokes that were kept here")
    return images, labels


def _find_files(split: str) -> list[mnist.RemoteFile]:
    """Return the files of a split: images, then labels."""
    return [file for file in mnist.FILES if file.name.startswith(FILE_PREFIXES[split])]


def _find_strokes(split: str, data_dir: Path) -> list[Path]:
    """Return where the images and the labels of ``strokes`` are stored, in their version."""
    from mnistcli.datasets.synthetic.dataset import STROKES_VERSION

    folder = data_dir / f"strokes-{STROKES_VERSION}"
    return [folder / file.archive for file in _find_files(split)]
