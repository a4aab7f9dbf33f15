"""A picture in whatever form a Python program has it."""

import os

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from mnistcli.errors import PictureError
from mnistcli.images import Gray
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
    return Image.fromarray(_to_levels(values))


def _to_levels(values: NDArray[np.generic]) -> Gray:
    """Return whole numbers from 0 to 255, or fractions from 0 to 1, as levels of the same shape."""
    kind = values.dtype.kind
    if kind not in "buif":
        raise PictureError(f"an array of {values.dtype}; numbers are expected")
    most = 255 if kind in "ui" else 1
    numbers = values.astype(np.float64)
    if not numbers.size:
        raise PictureError("it has no pixels")
    if not (numbers.min() >= 0 and numbers.max() <= most):  # not with NaN either
        raise PictureError(
            f"values from {numbers.min():g} to {numbers.max():g} in an array of {values.dtype}; "
            "whole numbers from 0 to 255 or fractions from 0 to 1 are expected"
        )
    levels: Gray = np.rint(numbers * (255 / most)).astype(np.uint8)
    return levels
