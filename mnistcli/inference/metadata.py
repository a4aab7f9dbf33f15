"""The metadata of an exported model: what made it, its input and its output."""

import io
import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

from mnistcli import __version__
from mnistcli.errors import ModelError
from mnistcli.images import CLASSES, PIXELS, SIDE
from mnistcli.pictures.normalization import CENTRE, INK_SIDE
from mnistcli.pictures.parameters import PARAMETERS
from mnistcli.system.files import PROGRAM, is_ours, make_foreign_error, refuse_foreign

METADATA_FILE = "metadata.json"

SAVED_MODEL_METADATA = Path("assets.extra", METADATA_FILE)
"""Its place in a SavedModel: the folder that TensorFlow leaves to others."""

SAVED_MODEL_ENTRIES = {
    *("saved_model.pb", "fingerprint.pb", "variables", "assets"),
    SAVED_MODEL_METADATA.parent.name,
}
"""The entries of a SavedModel's directory."""

METADATA_ERRORS = (
    *(LookupError, NotImplementedError, OSError, RuntimeError, TypeError, ValueError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What reading damaged metadata raises."""

MAX_METADATA_BYTES = 1 << 16
"""Most that is read of metadata, which has some 2 kB."""

PREPROCESSING = (
    "Gray levels from 0 to 255, light ink on a background of 0; dark ink on light is inverted. (In "
    "photographs and drawings, 'mnistcli predict' does more to find the ink; these are its last "
    "steps.)",
    f"An image of {SIDE} rows of {SIDE} pixels that is framed as by the next three steps is taken "
    "as it is.",
    f"Crop to the box of the levels above {PARAMETERS.ink_threshold} of the strongest.",
    f"Scale the longer side to {INK_SIDE} pixels, keeping the shape, with a Hamming window; then "
    "scale the levels, so that the strongest is 255, and round them to whole numbers.",
    f"Put into {SIDE} rows of {SIDE} pixels, background 0, by whole pixels and losing no ink, the "
    f"centre of mass as near as may be to row and column {CENTRE}, counted from 0; half a pixel "
    "goes up, and to the left.",
    "Divide by 255, and flatten, row after row.",
)
"""``normalize`` of :mod:`mnistcli.pictures.normalization` and ``images.to_input`` in words."""


def describe(model: dict[str, str | int]) -> dict[str, Any]:
    """Return the metadata; ``model`` is the object of the commands' JSON."""
    return {
        "version": 1,
        "made_by": f"{PROGRAM} {__version__}",
        "model": model,
        "input": {"name": "x", "dtype": "float32", "shape": [None, PIXELS], "range": [0, 1]},
        "preprocessing": PREPROCESSING,
        "output": {
            "name": "output_0",
            "dtype": "float32",
            "shape": [None, CLASSES],
            "range": [0, 1],
            "labels": list(range(CLASSES)),
            "meaning": "each digit's probability",
        },
    }


def serialize(metadata: dict[str, Any]) -> bytes:
    """Return the metadata as a file's content."""
    return f"{json.dumps(metadata, indent=2)}\n".encode()


def attach(tflite: bytes, metadata: dict[str, Any]) -> bytes:
    """Return a ``.tflite`` with the metadata in a zip archive at its end.

    That is the place of TensorFlow Lite's "associated files": interpreters ignore it, and
    ``unzip -p FILE metadata.json`` reads it.
    """
    stream = io.BytesIO(tflite)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.comment = PROGRAM.encode()
        archive.writestr(zipfile.ZipInfo(METADATA_FILE), serialize(metadata))
    return stream.getvalue()


def read_model(tflite: bytes, source: str) -> tuple[str, int, str]:
    """Return the name, the step and the data set of a model from its metadata.

    Without metadata, they are "unknown", 0 and "unknown"; ``source`` names the model in errors.

    Raises:
        ModelError: the metadata is damaged.
    """
    stream = io.BytesIO(tflite)
    if not zipfile.is_zipfile(stream):
        return "unknown", 0, "unknown"
    try:
        with zipfile.ZipFile(stream) as archive, archive.open(METADATA_FILE) as file:
            model = json.loads(file.read(MAX_METADATA_BYTES))["model"]
        return str(model["name"]), int(model["step"]), str(model["dataset"])
    except METADATA_ERRORS as error:
        raise ModelError(f"{source}: damaged metadata: {error}") from error


def refuse_foreign_export(path: Path, *, is_file: bool) -> None:
    """Refuse to replace anything but an earlier export of the same kind.

    Args:
        path: where the export is to be written.
        is_file: whether it is a ``.tflite`` file, not the directory of a SavedModel.

    Raises:
        OSError: something else is there.
    """
    if is_file:
        refuse_foreign(path, ".tflite")
    elif path.exists():
        entries = {entry.name for entry in path.iterdir()} if path.is_dir() else {path.name}
        is_earlier = entries <= SAVED_MODEL_ENTRIES and is_ours(
            path / SAVED_MODEL_METADATA, ".json"
        )
        if entries and not is_earlier:
            raise make_foreign_error(path)
