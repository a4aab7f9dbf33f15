"""Labelled pictures as a data set, some of them held out."""

import hashlib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

from mnistcli.dataset import Dataset
from mnistcli.errors import DataError, PictureError
from mnistcli.framing import Gray
from mnistcli.preparation import BLANK
from mnistcli.recognition import prepare_in_batches
from mnistcli.sources import UNLABELLED, label_of

NAME = "pictures"
"""What results call such a data set."""

HELD_OUT = 4
"""One in so many pictures of each digit is held out."""


def load(
    directory: Path, warn: Callable[[str], None], report: Callable[[str], None]
) -> tuple[Dataset, Dataset]:
    """Prepare the labelled pictures of a directory as ``predict`` does; return two parts of them.

    The second is held out: of each digit's pictures, in the order of their names, every fourth,
    and not the same fourth of all digits, so that there are some even of a picture a digit. Those
    that are added behind the others leave the parts as they were. The same image counts once.

    ``report`` is told what can't be used, and ``warn`` what is doubtful.

    Raises:
        DataError: there are too few, or the directory can't be read.
    """
    images = _prepare(directory, warn, report)
    parts: tuple[list[tuple[Gray, int]], ...] = ([], [])
    counts: dict[int, int] = defaultdict(int)
    for image, label in images:
        is_held_out = (counts[label] + label) % HELD_OUT == HELD_OUT - 1
        parts[is_held_out].append((image, label))
        counts[label] += 1
    if not all(parts):
        raise DataError(
            f"{directory}: {len(images)} labelled pictures, too few to hold some out; "
            "names like 8_3.png or folders like 8/ are expected"
        )
    training, held_out = (
        Dataset(NAME, split, np.stack(images), np.array(labels, np.uint8))
        for split, (images, labels) in zip(
            ("train", "held out"), (zip(*part, strict=True) for part in parts), strict=True
        )
    )
    return training, held_out


def digest(data: Dataset) -> str:
    """Return the SHA-256 of the images and labels."""
    return hashlib.sha256(data.labels.tobytes() + data.images.tobytes()).hexdigest()


def _prepare(
    directory: Path, warn: Callable[[str], None], report: Callable[[str], None]
) -> list[tuple[Gray, int]]:
    """Return images with their labels, in the order of the labels, then of the names."""
    found: list[tuple[int, int, str, Gray]] = []
    for batch in prepare_in_batches([str(directory)]):
        for name, prepared in batch:
            label = label_of(name)
            if isinstance(prepared, PictureError) and name == str(directory):
                raise DataError(f"{directory}: {prepared}")
            if isinstance(prepared, PictureError):
                report(f"{name}: {prepared}")
            elif BLANK in prepared.warnings:
                report(f"{name}: {BLANK}")
            elif label is None:
                report(f"{name}: {UNLABELLED}")
            else:
                (digit,) = prepared.digits
                for warning in prepared.warnings + digit.warnings:
                    warn(f"{name}: {warning}")
                found.append((label, len(name), name, digit.image))  # 8_10.png is after 8_9.png
    unique: dict[bytes, tuple[Gray, int]] = {}
    for label, _, _, image in sorted(found, key=lambda one: one[:3]):
        unique.setdefault(image.tobytes(), (image, label))
    return list(unique.values())
