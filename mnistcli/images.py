"""The image format: shape, classes, and conversion to a model's input."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE = 28
"""Rows and columns of an image."""

PIXELS = SIDE * SIDE
"""Length of a flattened image, 784."""

CLASSES = 10
"""The digits 0 to 9."""

Gray = NDArray[np.uint8]
"""Gray levels [H, W], or [N, H, W] of several images. In ink, 0 is background, 255 strongest."""


def scale_pixels(pixels: Any) -> Any:
    """Scale float32 pixels from [0, 255] to [0, 1]; a NumPy array or a TensorFlow tensor.

    TensorFlow's graph optimizer may rewrite a division, but not a multiplication; so both
    libraries give the same bits.
    """
    return pixels * np.float32(1 / 255)


def to_input(images: Gray) -> NDArray[np.float32]:
    """Convert uint8 images [N, 28, 28] (0 background, 255 ink) to float32 [N, 784] in [0, 1]."""
    x: NDArray[np.float32] = scale_pixels(images.reshape(-1, PIXELS).astype(np.float32))
    return x


def to_one_hot(labels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Convert labels, uint8 [N], to one-hot probabilities, float32 [N, 10]."""
    return np.eye(CLASSES, dtype=np.float32)[labels]
