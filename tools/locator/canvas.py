"""The square that a page is composed on: its coordinates, its layers, and how they are laid on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistcli.datasets.synthetic.handwriting import Points

PAGE_SIDE = 128
"""Rows and columns of a page."""

FRACTION_BITS = 4
"""Bits of the fraction of a pixel in the coordinates that OpenCV draws at."""

Random = np.random.Generator

Levels = NDArray[np.float32]
"""A layer [PAGE_SIDE, PAGE_SIDE] in [0, 1], or a picture [PAGE_SIDE, PAGE_SIDE, 3] in [0, 255]."""


class Frame(NamedTuple):
    """Coordinates around the middle of a page that are turned with what is on it."""

    angle: float  # clockwise, in radians

    def locate(self, u: float, v: float) -> Points:
        """Return the point [x, y] that is ``u`` pixels along rows and ``v`` down columns."""
        cosine, sine = np.cos(self.angle), np.sin(self.angle)
        middle = PAGE_SIDE / 2
        return np.array([middle + cosine * u - sine * v, middle + sine * u + cosine * v])


def make_layer() -> Levels:
    """Return an empty layer."""
    return np.zeros((PAGE_SIDE, PAGE_SIDE), np.float32)


def lay_on(picture: Levels, colour: Levels, strength: Levels) -> Levels:
    """Return a picture with a colour, [3], laid on it as strongly as a layer says."""
    blended: Levels = picture + (colour - picture) * strength[..., np.newaxis]
    return blended


def to_fixed(points: Points) -> NDArray[np.int32]:
    """Convert points [..., 2] to the fixed-point coordinates that OpenCV draws at."""
    return np.rint(points * 2**FRACTION_BITS).astype(np.int32)
