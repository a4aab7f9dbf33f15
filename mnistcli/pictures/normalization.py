"""The ink of one digit normalized as MNIST's images are.

MNIST's images have light ink on black. The longer side of the ink is scaled to 20 pixels, and its
centre of mass is at index 14 of 28 (LeCun et al., "Gradient-Based Learning Applied to Document
Recognition", 1998, section III.A, and the data set's home page).
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcli.images import SIDE, Gray
from mnistcli.pictures.geometry import Affine, Box, find_bounds
from mnistcli.pictures.parameters import PARAMETERS

INK_SIDE = 20
"""Longer side, in pixels, of the ink in an image."""

CENTRE = 14
"""Index of the centre of mass, on both axes."""


class Normalized(NamedTuple):
    """An image, and where it comes from."""

    image: Gray  # [28, 28]
    box: Box  # of the ink, in the array that was normalized
    transform: Affine  # from that array to the image


def normalize(ink: Gray) -> Normalized:
    """Normalize ink, uint8 [H, W] of any size, 0 background; it must not be blank."""
    box = find_bounds(ink > PARAMETERS.ink_threshold * ink.max())
    cropped = ink[box.slices]
    scale = INK_SIDE / max(cropped.shape)
    image, row, column = centre(stretch(fit(cropped)))
    transform = Affine(scale, (column, row)).from_whole(box.left, box.top)
    return Normalized(image, box, transform)


def is_normalized(image: Gray) -> bool:
    """Tell whether an array of light ink is normalized already, so that it is used as it is.

    All of MNIST's 70,000 images pass. Their strongest ink is 254 or 255. The longer side of 13
    training images and 3 test images is 19, that of the others 20. The centre of mass of two is
    just outside [13.5, 14.5).
    """
    if image.shape != (SIDE, SIDE) or image.max() < 254:
        return False
    is_centred = all(abs(mass - CENTRE) < 0.6 for mass in find_centre_of_mass(image))
    return is_centred and find_bounds(image > 0).longer_side in (INK_SIDE - 1, INK_SIDE)


def fit(ink: Gray) -> NDArray[np.float32]:
    """Scale ink [H, W] so that its longer side is 20, with a Hamming window and no rounding.

    Rounding would lose the faint grays of a hairline.
    """
    scale = INK_SIDE / max(ink.shape)
    height, width = (max(1, round(side * scale)) for side in ink.shape)
    exact = Image.fromarray(ink.astype(np.float32))
    return np.asarray(exact.resize((width, height), Image.Resampling.HAMMING))


def stretch(ink: NDArray[np.float32]) -> Gray:
    """Scale levels [H, W] so that the strongest is 255, as in MNIST."""
    stretched: Gray = np.rint(ink * (255 / ink.max())).astype(np.uint8)
    return stretched


def centre(ink: Gray) -> tuple[Gray, int, int]:
    """Put ink of at most 20×20 into 28×28, by whole pixels, and its centre of mass on index 14.

    Returns:
        The image, and the row and the column at which the ink begins.
    """
    image = np.zeros((SIDE, SIDE), np.uint8)
    (top, left) = (
        min(max(math.ceil(CENTRE - 0.5 - mass), 0), SIDE - side)
        for mass, side in zip(find_centre_of_mass(ink), ink.shape, strict=True)
    )
    image[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return image, top, left


def find_centre_of_mass(ink: Gray) -> tuple[float, float]:
    """Return the mean row and the mean column of ink [H, W], weighted by its levels."""
    rows, columns = ink.sum(axis=1, dtype=np.int64), ink.sum(axis=0, dtype=np.int64)
    return (
        float(rows @ np.arange(len(rows)) / rows.sum()),
        float(columns @ np.arange(len(columns)) / columns.sum()),
    )
