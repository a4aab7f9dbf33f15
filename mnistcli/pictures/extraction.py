"""A digit's ink, extracted from a picture and normalized."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.images import Gray
from mnistcli.pictures.components import Component, Components, join_boxes
from mnistcli.pictures.filters import find_percentile
from mnistcli.pictures.foreground import Ink
from mnistcli.pictures.geometry import IDENTITY, Affine, Box
from mnistcli.pictures.normalization import INK_SIDE, normalize

FULL_PERCENTILE = 60
"""Percentile of a digit's ink that becomes 255: most ink in MNIST is 255."""

MIN_STROKE_WIDTH = 2.4
"""Width, in pixels of an image, that thinner strokes are thickened to."""

LOW_CONTRAST = 20
"""Contrast, in gray levels of 255, below which an answer gets a warning."""

FAINT = "little contrast: the ink differs by {:.0f} of 255 gray levels from the background"


@dataclass(frozen=True)
class Digit:
    """A digit's ink, extracted from a picture and normalized."""

    image: Gray  # [28, 28], 0 background, 255 ink
    box: Box | None = None  # in pixels of the upright picture
    transform: Affine = IDENTITY  # from the upright picture to the image
    warnings: tuple[str, ...] = ()

    def from_whole(self, left: int, top: int) -> "Digit":
        """Return the digit of the whole picture, given that of its crop from (left, top) on."""
        box = self.box.shift(left, top) if self.box else None
        return replace(self, box=box, transform=self.transform.from_whole(left, top))

    def from_original(self, across: float, down: float) -> "Digit":
        """Return the digit of the original, given that of its reduced copy.

        The original has ``across`` times the copy's columns and ``down`` times its rows.
        """
        box = self.box.scale(across, down) if self.box else None
        return replace(self, box=box, transform=self.transform.from_original(across, down))


def extract(ink: Ink, components: Components, group: list[Component]) -> Digit:
    """Extract the components of a digit, with their soft edges, and normalize them."""
    box = join_boxes(group)
    margin = box.longer_side // 20 + 2
    area = box.expand(margin)
    is_digit = components.select(group, area.slices)
    is_other = (components.labels[area.slices] > 0) & ~is_digit
    strokes = soften(ink.measure_strength(area.slices), is_digit, is_other)
    thick = thicken(np.pad(strokes, margin), np.pad(is_digit, margin), box.longer_side)
    normalized = normalize(thick)
    transform = normalized.transform.from_whole(area.left - margin, area.top - margin)
    contrast = find_percentile(ink.contrast[area.slices][is_digit], 90)
    warnings = (FAINT.format(contrast),) if contrast < LOW_CONTRAST else ()
    return Digit(normalized.image, box, transform, warnings)


def soften(
    strength: NDArray[np.float32], is_digit: NDArray[np.bool_], is_other: NDArray[np.bool_]
) -> Gray:
    """Return a digit's ink [H, W], most of it 255, with the fainter ink at its edges.

    Its components are dilated (Serra, "Image Analysis and Mathematical Morphology", 1982) to reach
    the edges.

    Args:
        strength: of all ink [H, W], as :meth:`Ink.measure_strength` gives it.
        is_digit: the pixels [H, W] of the digit's components.
        is_other: the pixels [H, W] of other components, which are left out.
    """
    reach = max(is_digit.shape) // 60 + 1
    is_near = cv2.dilate(is_digit.astype(np.uint8), _make_disc(2 * reach + 1)) > 0
    strokes = np.where(is_near & ~is_other, strength, 0)
    full = max(find_percentile(strokes[is_digit], FULL_PERCENTILE), 1e-6)
    softened: Gray = np.rint(np.minimum(strokes / full, 1) * 255).astype(np.uint8)
    return softened


def thicken(strokes: Gray, is_digit: NDArray[np.bool_], longer_side: int) -> Gray:
    """Dilate hairlines [H, W] to about the width of MNIST's strokes.

    The mean of the distance transform (Borgefors, "Distance Transformations in Digital Images",
    1986) of a long stroke is a quarter of its width.

    Args:
        strokes: the digit's ink.
        is_digit: the pixels [H, W] of the digit's components.
        longer_side: of the digit, in pixels.
    """
    distances = cv2.distanceTransform(is_digit.astype(np.uint8), cv2.DIST_L2, 5)
    width = 4 * (float(distances[is_digit].mean()) - 0.5)
    missing = round(MIN_STROKE_WIDTH * longer_side / INK_SIDE - width)
    if missing < 1:
        return strokes
    thicker: Gray = cv2.dilate(strokes, _make_disc(missing | 1))
    return thicker


def _make_disc(size: int) -> NDArray[np.uint8]:
    disc: NDArray[np.uint8] = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(
        np.uint8
    )
    return disc
