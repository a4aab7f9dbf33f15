"""Labelled pictures as a data set, some of them held out."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mnistcli.dataset import Dataset
from mnistcli.errors import DataError, PictureError
from mnistcli.framing import Gray
from mnistcli.preparation import BLANK
from mnistcli.recognition import prepare_in_batches
from mnistcli.sources import UNLABELLED

NAME = "pictures"
"""What results call such a data set."""

HELD_OUT = 0.25
"""Share of the pictures that is held out."""


def load(
    directory: Path, warn: Callable[[str], None], report: Callable[[str], None]
) -> tuple[Dataset, Dataset]:
    """Prepare the labelled pictures of a directory as ``predict`` does; return two parts of them.

    The second is held out. An image's own digest decides, so that none changes sides when others
    come or go, and a model that goes on is never scored on what it has been trained on. Copies
    count once.

    ``report`` is told what can't be used, and ``warn`` what is doubtful.

    Raises:
        DataError: there are too few, or there is no such directory.
    """
    if not directory.is_dir():
        raise DataError(f"{directory}: no such directory")
    images = _prepare(directory, warn, report)
    parts: tuple[list[tuple[Gray, int]], ...] = ([], [])
    for image, label in images:
        parts[hashlib.sha256(image.tobytes()).digest()[0] < HELD_OUT * 256].append((image, label))
    if not all(parts):
        counts = " to train on and ".join(str(len(part)) for part in parts)
        raise DataError(
            f"{directory}: too few labelled pictures: {counts} held out; "
            "names like 8_3.png or folders like 8/ are expected"
        )
    training, held_out = parts
    return _stack("train", training), _stack("held out", held_out)


def digest(data: Dataset) -> str:
    """Return the SHA-256 of the images and labels."""
    return hashlib.sha256(data.labels.tobytes() + data.images.tobytes()).hexdigest()


def _stack(split: str, part: list[tuple[Gray, int]]) -> Dataset:
    images, labels = zip(*part, strict=True)
    return Dataset(NAME, split, np.stack(images), np.array(labels, np.uint8))


def _prepare(
    directory: Path, warn: Callable[[str], None], report: Callable[[str], None]
) -> list[tuple[Gray, int]]:
    """Return images with their labels, in the order of the images' bytes."""
    found: dict[bytes, tuple[Gray, int]] = {}
    for batch in prepare_in_batches([str(directory)]):
        for (name, label, _), prepared in batch:
            if isinstance(prepared, PictureError):
                report(f"{name}: {prepared}")
            elif BLANK in prepared.warnings:
                report(f"{name}: {BLANK}")
            elif label is None:
                report(f"{name}: {UNLABELLED}")
            else:
                (digit,) = prepared.digits
                _, known = found.setdefault(digit.image.tobytes(), (digit.image, label))
                if known != label:
                    report(f"{name}: the same image as one that is labelled {known}")
                for warning in prepared.warnings + digit.warnings:
                    warn(f"{name}: {warning}")
    return [found[content] for content in sorted(found)]
