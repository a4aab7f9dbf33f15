"""A picture in whatever form a Python program has it."""

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from mnistcli.errors import PictureError
from mnistcli.system.files import read_bounded

Source = str | os.PathLike[str] | bytes | ArrayLike | Image.Image
"""A file's path or its content; levels [H, W], or colours [H, W, 3 or 4]; a picture of Pillow's."""


def name_source(source: Source) -> str:
    """Return what errors call a picture: its path, or the type of anything else."""
    return os.fspath(source) if isinstance(source, str | os.PathLike) else type(source).__name__


def load(source: Source) -> bytes | Image.Image:
    """Return the content of a picture's file, or the picture that it is already.

    Raises:
        PictureError: the file can't be read, or the values are not those of a picture.
    """
    if isinstance(source, str | os.PathLike):
        try:
            with open(source, "rb") as stream:
                return read_bounded(stream)
        except OSError as error:
            raise PictureError(f"{error.strerror}") from error
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source)
    return source if isinstance(source, Image.Image) else _from_values(source)


def _from_values(source: ArrayLike) -> Image.Image:
    """Return the picture of an array, a tensor or nested lists."""
    try:
        values = np.asarray(source)
    except (TypeError, ValueError, RuntimeError) as error:  # ragged lists; a tensor on a GPU
        raise PictureError(f"not an array: {error}") from error
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    if values.ndim == 0:
        raise PictureError("a path, bytes, an array or a picture of Pillow's is expected")
    if not (values.ndim == 2 or (values.ndim == 3 and values.shape[2] in (3, 4))):
        raise PictureError(
            f"an array of shape {values.shape}; [H, W], [H, W, 3] or [H, W, 4] is expected"
        )
    if not values.size:
        raise PictureError("it has no pixels")
    scaled = np.multiply(values, find_scale(values), dtype=np.float32)
    return Image.fromarray(np.rint(scaled).astype(np.uint8))


def find_scale(levels: NDArray[Any]) -> float:
    """Return what levels have to be multiplied by, so that they are of 255: 1, or 255.

    Raises:
        PictureError: they are not numbers from 0 to 255, or from 0 to 1.
    """
    if levels.dtype.kind not in "biuf":
        raise PictureError(f"elements of type {levels.dtype.name}; numbers are expected")
    low, high = levels.min(), levels.max()
    if not 0 <= low <= high <= 255:
        raise PictureError(f"levels from {low:g} to {high:g}; 0 to 255, or 0 to 1, are expected")
    return 255 if high <= 1 else 1
