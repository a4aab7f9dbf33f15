"""The networks that come with the package, and how they came to be."""

import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcli.errors import ModelError
from mnistcli.system.files import digest, write_whole

FOLDER = Path(__file__).parent
RECORD, EXPORT, WEIGHTS = "model.json", "model.tflite", "weights.npz"
DETECTOR_RECORD, DETECTOR = "detector.json", "detector.tflite"

SOURCE = "pretrained"
"""What results call it."""


@dataclass(frozen=True)
class Record:
    """How the model came to be."""

    model: str
    step: int
    seed: int
    dataset: str  # trained on
    accuracy: float  # share of MNIST's 10,000 test images that the export reads right
    command: str  # that made it
    data: dict[str, str]  # SHA-256 of the content of MNIST's files
    versions: dict[str, str]  # of what it was made with
    files: dict[str, str]  # SHA-256 of the export and the weights


def read_record() -> Record:
    """Read how the model came to be.

    Raises:
        ModelError: the file is missing or damaged.
    """
    try:
        return Record(**json.loads(_read(RECORD)))
    except (TypeError, ValueError) as error:
        raise ModelError(f"{FOLDER / RECORD}: damaged: {error}") from error


def read_export() -> bytes:
    """Read the ``.tflite``, float32 [N, 784] to float32 [N, 10], after verifying it.

    Raises:
        ModelError: it is missing or damaged.
    """
    return _read_verified(EXPORT, read_record().files)


def read_weights() -> dict[str, NDArray[np.float16]]:
    """Read the averaged weights by the names that ``Classifier.name_variables`` gives them.

    Raises:
        ModelError: the file is missing or damaged.
    """
    content = _read_verified(WEIGHTS, read_record().files)
    with np.load(BytesIO(content), allow_pickle=False) as stored:
        return dict(stored)


def read_detector() -> bytes:
    """Read the ``.tflite`` that tells what is no digit, float32 [N, 784] to float32 [N, 1].

    Raises:
        ModelError: it is missing or damaged.
    """
    try:
        files = json.loads(_read(DETECTOR_RECORD))["files"]
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{FOLDER / DETECTOR_RECORD}: damaged: {error}") from error
    return _read_verified(DETECTOR, files)


def write(record: dict[str, Any], tflite: bytes, weights: dict[str, NDArray[np.float16]]) -> None:
    """Replace the model of the package; ``record`` is a :class:`Record` without ``files``."""
    arrays: dict[str, Any] = dict(weights)  # numpy's stubs take them for savez's own options
    stored = BytesIO()
    np.savez(stored, **arrays)
    _write(RECORD, record, {EXPORT: tflite, WEIGHTS: stored.getvalue()})


def write_detector(record: dict[str, Any], tflite: bytes) -> None:
    """Replace the detector of the package; ``record`` tells how it came to be."""
    _write(DETECTOR_RECORD, record, {DETECTOR: tflite})


def _write(name: str, record: dict[str, Any], contents: dict[str, bytes]) -> None:
    files = {file: digest(content) for file, content in contents.items()}
    for file, content in contents.items():
        write_whole(FOLDER / file, content)
    write_whole(FOLDER / name, f"{json.dumps({**record, 'files': files}, indent=2)}\n".encode())


def _read_verified(name: str, files: dict[str, str]) -> bytes:
    content = _read(name)
    if digest(content) != files.get(name):
        raise ModelError(f"{FOLDER / name}: damaged; installing mnistcli anew helps")
    return content


def _read(name: str) -> bytes:
    try:
        return (FOLDER / name).read_bytes()
    except OSError as error:
        raise ModelError(f"{FOLDER / name}: {error.strerror}") from error
