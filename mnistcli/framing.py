"""Light ink framed as MNIST frames it.

MNIST's own images: light ink on black, its longer side fitted to 20 pixels, its centre of mass
put on index 14 of 28 (LeCun et al., "Gradient-Based Learning Applied to Document Recognition",
1998, section III.A, and the data set's home page).
"""

import math
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.digit import SIDE

BOX = 20
"""Longer side of the ink in one of MNIST's images."""

CENTRE = 14
"""Index, on both axes, that the centre of mass is put on."""

EDGE = 0.2
"""Share of the strongest ink at which ink begins, for its bounding box."""

Gray = NDArray[np.uint8]
"""Gray levels [H, W]: of ink, 0 is background and 255 the strongest."""


Scalar = TypeVar("Scalar", bound=np.generic)


class Framed(NamedTuple):
    """An image, and where the ink has gone.

    What was at (x, y) of the ink is at (scale * x + shift[0], scale * y + shift[1]) of the image.
    """

    image: Gray  # [28, 28]
    box: tuple[int, int, int, int]  # of the ink: left, top, right, bottom, ends exclusive
    scale: float
    shift: tuple[float, float]


def frame(ink: Gray) -> Framed:
    """Frame light ink of any size, which must not be blank."""
    top, bottom, left, right = find_bounds(ink > EDGE * ink.max())
    cropped = ink[top:bottom, left:right]
    scale = BOX / max(cropped.shape)
    image, row, column = centre(stretch(fit(cropped)))
    shift = (column - scale * left, row - scale * top)
    return Framed(image, (left, top, right, bottom), scale, shift)


def is_framed(ink: Gray) -> bool:
    """Tell whether light ink is framed as MNIST's images are, to be left as it is.

    All 70,000 of MNIST's images are: their strongest ink is 254 or 255; 13 training images and
    3 test images have a box of 19, the others of 20; and two have their centre of mass just
    outside [13.5, 14.5).
    """
    if ink.shape != (SIDE, SIDE) or ink.max() < 254:
        return False
    top, bottom, left, right = find_bounds(ink > 0)
    is_centred = all(abs(mass - CENTRE) < 0.6 for mass in centre_of_mass(ink))
    return is_centred and max(bottom - top, right - left) in (BOX - 1, BOX)


def fit(ink: Gray) -> NDArray[np.float32]:
    """Scale the longer side to 20 pixels, keeping the shape, and a hairline's faint grays."""
    scale = BOX / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    exact = Image.fromarray(ink.astype(np.float32))
    return np.asarray(exact.resize((width, height), Image.Resampling.HAMMING))


def stretch(ink: NDArray[np.float32]) -> Gray:
    """Make the strongest ink 255, as it is in MNIST, however faint the pen or thin the line."""
    stretched: Gray = np.rint(ink * (255 / ink.max())).astype(np.uint8)
    return stretched


def centre(ink: Gray) -> tuple[Gray, int, int]:
    """Put the centre of mass on index 14 of 28×28, by whole pixels, and lose no ink.

    Returns the image, and the row and column where the ink begins.
    """
    image = np.zeros((SIDE, SIDE), np.uint8)
    (top, left) = (
        min(max(math.ceil(CENTRE - 0.5 - mass), 0), SIDE - side)
        for mass, side in zip(centre_of_mass(ink), ink.shape, strict=True)
    )
    image[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return image, top, left


def centre_of_mass(ink: Gray) -> tuple[float, float]:
    """Return the mean row and column index, weighted by the ink."""
    rows, columns = ink.sum(axis=1, dtype=np.int64), ink.sum(axis=0, dtype=np.int64)
    return (
        float(rows @ np.arange(len(rows)) / rows.sum()),
        float(columns @ np.arange(len(columns)) / columns.sum()),
    )


def find_bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return the bounding box of what is true: top, bottom, left, right, ends exclusive."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def take_border(values: NDArray[Scalar]) -> NDArray[Scalar]:
    """Return the outermost of values [H, W]."""
    return np.concatenate([values[0], values[-1], values[1:-1, 0], values[1:-1, -1]])
