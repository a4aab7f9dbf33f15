"""Labelled pictures as a data set, some of them held out."""

import hashlib
from pathlib import Path

import numpy as np

from mnistcli.datasets.dataset import Dataset
from mnistcli.errors import DataError, PictureError
from mnistcli.images import Gray
from mnistcli.pictures.files import find_pictures
from mnistcli.pictures.labels import UNLABELLED, explain_guesses
from mnistcli.pictures.pipeline import prepare_in_batches
from mnistcli.system.listener import Listener

PICTURES = "pictures"
"""Name of such a data set in results."""

HELD_OUT_SHARE = 0.25
"""Share of the pictures that is held out."""

Labelled = tuple[Gray, int]
"""An image [28, 28] with its label."""


def load(directory: Path, listener: Listener) -> tuple[Dataset, Dataset]:
    """Prepare the labelled pictures of a directory as ``predict`` does; return training and test.

    The test pictures are held out of training. The digest of an image decides its side, so that no
    image changes sides when others are added or removed, and no model is ever scored on what it
    was trained on. Copies count once.

    Raises:
        DataError: there are too few, or there is no such directory.
    """
    if not directory.is_dir():
        raise DataError(f"{directory}: no such directory")
    parts: tuple[list[Labelled], ...] = ([], [])
    labelled = _prepare(directory, listener)
    for image, label in labelled:
        is_held_out = hashlib.sha256(image.tobytes()).digest()[0] < HELD_OUT_SHARE * 256
        parts[is_held_out].append((image, label))
    if not all(parts):
        expected = "some twenty are enough to start with" if labelled else UNLABELLED
        raise DataError(f"{directory}: too few labelled pictures: {len(labelled)}; {expected}")
    training, held_out = parts
    return _stack("train", training), _stack("held out", held_out)


def digest_dataset(data: Dataset) -> str:
    """Return the SHA-256 of the images and labels."""
    return hashlib.sha256(data.labels.tobytes() + data.images.tobytes()).hexdigest()


def _stack(split: str, part: list[Labelled]) -> Dataset:
    images, labels = zip(*part, strict=True)
    return Dataset(PICTURES, split, np.stack(images), np.array(labels, np.uint8))


def _prepare(directory: Path, listener: Listener) -> list[Labelled]:
    """Return images with their labels, ordered by the images' bytes."""
    found: dict[bytes, Labelled] = {}
    guessed: list[tuple[str, int]] = []
    for batch in prepare_in_batches(find_pictures([str(directory)])):
        for (name, label, _), prepared in batch:
            if isinstance(prepared, PictureError):
                listener.error(f"{name}: {prepared}")
            elif prepared.is_blank:
                listener.error(f"{name}: {prepared.warnings[0]}")
            elif label is None:
                listener.error(f"{name}: {UNLABELLED}")
            else:
                (digit,) = prepared.digits
                if label.is_guess:
                    guessed.append((name, label.digit))
                _, known = found.setdefault(digit.image.tobytes(), (digit.image, label.digit))
                if known != label.digit:
                    listener.error(f"{name}: the same image as one that is labelled {known}")
                for warning in prepared.warnings + digit.warnings:
                    listener.warn(f"{name}: {warning}")
    if guessed:
        listener.warn(explain_guesses(guessed))
    return [found[content] for content in sorted(found)]
