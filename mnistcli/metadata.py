"""What an exported model says of itself: what made it, its input, its output."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from mnistcli import __version__
from mnistcli.digit import CLASSES, PIXELS, SIDE
from mnistcli.framing import BOX, CENTRE, EDGE

MEMBER = "metadata.json"

EXTRA = Path("assets.extra", MEMBER)
"""Where a SavedModel has it: in the folder that TensorFlow leaves to others."""

SAVED_MODEL = {"saved_model.pb", "fingerprint.pb", "variables", "assets", EXTRA.parent.name}
"""What TensorFlow puts into a SavedModel's directory, and we."""

MAKER = "mnistcli"
MADE_BY = f'"made_by": "{MAKER} '.encode()

PREPROCESSING = (
    "Gray levels from 0 to 255, light ink on a background of 0; dark ink on light is inverted. (In "
    "photographs and drawings, 'mnistcli predict' does more to find the ink; these are its last "
    "steps.)",
    f"An image of {SIDE} rows of {SIDE} pixels that is framed as by the next three steps is taken "
    "as it is.",
    f"Crop to the box of the levels above {EDGE} of the strongest.",
    f"Scale the longer side to {BOX} pixels, keeping the shape, with a Hamming window; then scale "
    "the levels, so that the strongest is 255, and round them to whole numbers.",
    f"Put into {SIDE} rows of {SIDE} pixels, background 0, by whole pixels and losing no ink, the "
    f"centre of mass as near as may be to row and column {CENTRE}, counted from 0; half a pixel "
    "goes up, and to the left.",
    "Divide by 255, and flatten, row after row.",
)
"""``framing.frame`` and ``digit.to_input`` in words."""


def describe(model: dict[str, str | int]) -> dict[str, Any]:
    """Return the document; ``model`` is that of the commands' JSON."""
    return {
        "version": 1,
        "made_by": f"{MAKER} {__version__}",
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


def serialise(metadata: dict[str, Any]) -> bytes:
    """Return the document as a file's content."""
    return f"{json.dumps(metadata, indent=2)}\n".encode()


def attach(tflite: bytes, metadata: dict[str, Any]) -> bytes:
    """Return a ``.tflite`` with the document in a zip archive at its end.

    That is where TensorFlow Lite's "associated files" are: interpreters don't look there, and
    ``unzip -p FILE metadata.json`` does.
    """
    stream = io.BytesIO(tflite)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.comment = MAKER.encode()
        archive.writestr(zipfile.ZipInfo(MEMBER), serialise(metadata))
    return stream.getvalue()


def is_replaceable(path: Path, *, is_file: bool) -> bool:
    """Tell whether a ``.tflite`` file, or else a SavedModel, may take a place.

    It may where nothing is, or an earlier one of its own kind with nothing else beside it.
    """
    if not path.exists():
        return True
    try:
        if is_file:
            return path.is_file() and path.read_bytes().endswith(MAKER.encode())
        others = {entry.name for entry in path.iterdir()}
        return not others or (others <= SAVED_MODEL and MADE_BY in (path / EXTRA).read_bytes())
    except OSError:
        return False
