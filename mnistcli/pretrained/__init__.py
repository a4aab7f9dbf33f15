"""The models that come with the package: a locator of digits, a classifier and a detector.

Each has a record in JSON of how it was trained, with the SHA-256 of its files.
"""

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.errors import ModelError
from mnistcli.system.files import digest, write_whole

PRETRAINED_FOLDER = Path(__file__).parent

MODEL_RECORD, MODEL_EXPORT, MODEL_WEIGHTS = "model.json", "model.tflite", "weights.npz"
"""Files of the classifier."""

DETECTOR_RECORD, DETECTOR_EXPORT = "detector.json", "detector.tflite"
"""Files of the detector."""

LOCATOR_RECORD, LOCATOR_EXPORT = "locator.json", "locator.tflite"
"""Files of the locator."""

PRETRAINED_SOURCE = "pretrained"
"""The classifier's name in results, in place of a checkpoint's path."""


@dataclass(frozen=True)
class ModelRecord:
    """How the classifier was trained."""

    model: str  # name of its recipe
    step: int  # number of training steps
    seed: int
    dataset: str  # that it was trained on
    accuracy: float  # of the export on MNIST's 10,000 test images, in [0, 1]
    command: str  # that trained it
    data: dict[str, str]  # SHA-256 of each of MNIST's files, decompressed
    versions: dict[str, str]  # of Python and the libraries that trained it
    files: dict[str, str]  # SHA-256 of the export and the weights
    also: dict[str, int]  # images of other sources it learnt from


def read_record() -> ModelRecord:
    """Read the record of the classifier.

    Raises:
        ModelError: the file is missing or damaged.
    """
    try:
        return ModelRecord(**json.loads(_read(MODEL_RECORD)))
    except (TypeError, ValueError) as error:
        raise ModelError(f"{PRETRAINED_FOLDER / MODEL_RECORD}: damaged: {error}") from error


def read_export() -> bytes:
    """Read the classifier as a ``.tflite`` file, after verifying its SHA-256.

    It maps images, float32 [N, 784] in [0, 1], to probabilities, float32 [N, 10].

    Raises:
        ModelError: the file or the record is missing or damaged.
    """
    return _read_verified(MODEL_EXPORT, read_record().files)


def read_weights() -> dict[str, NDArray[np.float16]]:
    """Read the averaged weights (EMA) of the classifier, after verifying their SHA-256.

    They include the temperature of the model's recipe.

    Returns:
        float16 arrays by the names that ``Classifier.name_variables`` gives them.

    Raises:
        ModelError: the file or the record is missing or damaged.
    """
    content = _read_verified(MODEL_WEIGHTS, read_record().files)
    with np.load(BytesIO(content), allow_pickle=False) as stored:
        return dict(stored)


def read_detector() -> bytes:
    """Read the detector as a ``.tflite`` file, after verifying its SHA-256.

    It maps images, float32 [N, 784] in [0, 1], to the probabilities, float32 [N, 1], that they are
    not digits.

    Raises:
        ModelError: the file or the record is missing or damaged.
    """
    return _read_recorded(DETECTOR_RECORD, DETECTOR_EXPORT)


def read_locator() -> bytes:
    """Read the locator as a ``.tflite`` file, after verifying its SHA-256.

    It maps enhanced pictures, float32 [N, H, W, 6], as :func:`mnistcli.pictures.locator.enhance`
    makes them, to maps: the logit of ink and the offset to its digit's centre [N, H, W, 3], and the
    logit of a centre and the angle [N, H / 4, W / 4, 2].

    Raises:
        ModelError: the file or the record is missing or damaged.
    """
    return _read_recorded(LOCATOR_RECORD, LOCATOR_EXPORT)


def write(record: dict[str, Any], tflite: bytes, weights: dict[str, NDArray[np.float16]]) -> None:
    """Replace the classifier.

    Args:
        record: the fields of :class:`ModelRecord`, except for ``files``.
        tflite: the export, as :func:`read_export` returns it.
        weights: as :func:`read_weights` returns them.
    """
    arrays: dict[str, Any] = dict(weights)  # NumPy's stubs would match them with savez's options
    stored = BytesIO()
    np.savez(stored, **arrays)
    _write(MODEL_RECORD, record, {MODEL_EXPORT: tflite, MODEL_WEIGHTS: stored.getvalue()})


def write_detector(record: dict[str, Any], tflite: bytes) -> None:
    """Replace the detector.

    Args:
        record: how it was trained, without ``files``.
        tflite: as :func:`read_detector` returns it.
    """
    _write(DETECTOR_RECORD, record, {DETECTOR_EXPORT: tflite})


def write_locator(record: dict[str, Any], tflite: bytes) -> None:
    """Replace the locator.

    Args:
        record: how it was trained, without ``files``.
        tflite: as :func:`read_locator` returns it.
    """
    _write(LOCATOR_RECORD, record, {LOCATOR_EXPORT: tflite})


def _write(name: str, record: dict[str, Any], contents: dict[str, bytes]) -> None:
    """Write the files of a model, then its record, a file called ``name``."""
    files = {file: digest(content) for file, content in contents.items()}
    for file, content in contents.items():
        write_whole(PRETRAINED_FOLDER / file, content)
    write_whole(
        PRETRAINED_FOLDER / name, f"{json.dumps({**record, 'files': files}, indent=2)}\n".encode()
    )


def _read_recorded(record: str, name: str) -> bytes:
    """Read a file whose SHA-256 is in a record, itself a file."""
    try:
        files = dict(json.loads(_read(record))["files"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{PRETRAINED_FOLDER / record}: damaged: {error}") from error
    return _read_verified(name, files)


def _read_verified(name: str, files: dict[str, str]) -> bytes:
    """Read a file whose SHA-256 is among those of a record."""
    content = _read(name)
    if digest(content) != files.get(name):
        raise ModelError(f"{PRETRAINED_FOLDER / name}: damaged; reinstalling mnistcli helps")
    return content


def _read(name: str) -> bytes:
    try:
        return (PRETRAINED_FOLDER / name).read_bytes()
    except OSError as error:
        raise ModelError(f"{PRETRAINED_FOLDER / name}: {error.strerror}") from error
