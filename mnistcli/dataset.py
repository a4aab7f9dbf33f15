"""The data sets as arrays."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistcli import download, idx
from mnistcli.errors import DataError

PREFIXES = {"train": "train", "test": "t10k"}
"""How the names of each split's files begin."""


@dataclass(frozen=True)
class Dataset:
    """A split of a data set: images with their labels."""

    name: str
    split: str
    images: NDArray[np.uint8]  # [N, 28, 28], 0 background, 255 ink
    labels: NDArray[np.uint8]  # [N], 0 to 9


def load_mnist(
    split: str, data_dir: Path, report: Callable[[str], None], progress: download.Progress
) -> Dataset:
    """Read a split of MNIST as :func:`read_mnist` does.

    What is missing from ``data_dir``, or damaged there, is downloaded first; ``report`` is told.

    Raises:
        DataError: a file is missing or damaged, and no mirror has it.
        OSError: ``data_dir`` can't be written.
    """
    try:
        return read_mnist(split, data_dir)
    except DataError as error:
        report(f"{error}; downloading MNIST")
        download.download(data_dir, download.MIRRORS, progress)
        return read_mnist(split, data_dir)


def read_mnist(split: str, data_dir: Path) -> Dataset:
    """Read MNIST's ``train`` (60,000 images) or ``test`` (10,000) split, and verify it.

    Raises:
        DataError: a file is missing or damaged.
    """
    files = [file for file in download.FILES if file.name.startswith(PREFIXES[split])]
    images, labels = (
        idx.parse(download.read_verified(data_dir, file), str(data_dir / file.archive))
        for file in files
    )
    return Dataset("mnist", split, images, labels)
