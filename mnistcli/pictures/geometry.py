"""Boxes and maps between grids of pixels."""

import math
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

Slices = tuple[slice, slice]
"""Rows and columns of an array [H, W]."""


class Box(NamedTuple):
    """A rectangle of pixels; ``right`` and ``bottom`` are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def longer_side(self) -> int:
        """The larger of width and height."""
        return max(self.width, self.height)

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def slices(self) -> Slices:
        """Its rows and columns, to index an array [H, W]."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def shift(self, across: int, down: int) -> "Box":
        """Return the box moved to the right and down."""
        return Box(self.left + across, self.top + down, self.right + across, self.bottom + down)

    def scale(self, across: float, down: float) -> "Box":
        """Return the box in a grid with so many times more columns and rows."""
        return Box(
            *(round(self.left * across), round(self.top * down)),
            *(round(self.right * across), round(self.bottom * down)),
        )

    def expand(self, margin: int) -> "Box":
        """Return the box with a margin on each side, within the rows and columns from 0 on."""
        left, top = max(0, self.left - margin), max(0, self.top - margin)
        return Box(left, top, self.right + margin, self.bottom + margin)


class Affine(NamedTuple):
    """The map of pixels p = (x, y) → scale · R p + shift, from a picture to an image.

    R turns counterclockwise, as it is seen, by the angle.
    """

    scale: float = 1
    shift: tuple[float, float] = (0, 0)
    angle: float = 0  # radians

    def apply(self, x: float, y: float) -> tuple[float, float]:
        """Return where the image has what the picture has at (x, y)."""
        cosine, sine = self.scale * math.cos(self.angle), self.scale * math.sin(self.angle)
        return cosine * x + sine * y + self.shift[0], cosine * y - sine * x + self.shift[1]

    def from_whole(self, left: int, top: int) -> "Affine":
        """Return the map of the whole picture, given that of its crop from (left, top) on."""
        return self._replace(shift=self.apply(-left, -top))

    def from_turned(self, angle: float, x: float, y: float) -> "Affine":
        """Return the map of a picture, given that of its copy turned by an angle around (x, y)."""
        turned = Affine(1, (0, 0), angle).apply(-x, -y)
        return Affine(self.scale, self.apply(turned[0] + x, turned[1] + y), angle)

    def from_level(self, scale: float, margin: int) -> "Affine":
        """Return the map of a picture, given that of its copy, scaled and then given a margin."""
        return self._replace(scale=self.scale * scale, shift=self.apply(margin, margin))

    def from_original(self, across: float, down: float) -> "Affine":
        """Return the map of the original, given that of its reduced copy.

        The original has ``across`` times the copy's columns and ``down`` times its rows: nearly the
        same factor, unless it is only some pixels wide or high.
        """
        return self._replace(scale=2 * self.scale / (across + down))


IDENTITY = Affine()


def find_bounds(mask: NDArray[np.bool_]) -> Box:
    """Return the bounding box of the true values of a mask [H, W], which has at least one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def take_border(values: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return the outermost rows and columns of values [H, W], as one array [N]."""
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])
