"""A digit's ink, cut out of a picture and framed."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.framing import BOX, Gray, frame
from mnistcli.ink import Ink
from mnistcli.light import take_percentile
from mnistcli.parts import Box, Piece, Pieces, join_boxes

FULL = 60
"""Percentile of a digit's ink that becomes 255: most of MNIST's strokes are full."""

THINNEST = 2.4
"""Width, in pixels of an image, that thinner strokes are brought to."""

LITTLE = 20
"""Contrast, in gray levels, below which an answer is warned of."""

FAINT = "little contrast: the ink differs by {:.0f} of 255 gray levels from the background"


@dataclass(frozen=True)
class Digit:
    """A digit's ink, cut out of a picture and framed."""

    image: Gray  # [28, 28], 0 background, 255 ink
    box: Box | None = None  # in pixels of the upright picture
    scale: float = 1  # pixels of the image per pixel of the picture
    shift: tuple[float, float] = (0, 0)
    """What was at (x, y) of the picture is at scale * (x, y) + shift of the image."""
    warnings: tuple[str, ...] = ()


def cut_out(ink: Ink, pieces: Pieces, group: list[Piece]) -> Digit:
    """Cut out and frame the pieces of a digit, with their soft edges."""
    box = join_boxes(group)
    margin = box.longest // 20 + 2
    left, top = max(0, box.left - margin), max(0, box.top - margin)
    place = slice(top, box.bottom + margin), slice(left, box.right + margin)
    is_digit = pieces.select(group, place)
    is_other = (pieces.labels[place] > 0) & ~is_digit
    strokes = soften(ink.measure_strength(place), is_digit, is_other)
    framed = frame(thicken(np.pad(strokes, margin), np.pad(is_digit, margin), box.longest))
    scale, (across, down) = framed.scale, framed.shift
    shift = across - scale * (left - margin), down - scale * (top - margin)
    contrast = take_percentile(ink.contrast[place][is_digit], 90)
    warnings = (FAINT.format(contrast),) if contrast < LITTLE else ()
    return Digit(framed.image, box, scale, shift, warnings)


def soften(
    strength: NDArray[np.float32], is_digit: NDArray[np.bool_], is_other: NDArray[np.bool_]
) -> Gray:
    """Return a digit's ink [H, W], most of it 255, with the fainter ink at its edges."""
    reach = max(is_digit.shape) // 60 + 1
    is_near = cv2.dilate(is_digit.astype(np.uint8), _make_disc(2 * reach + 1)) > 0
    strokes = np.where(is_near & ~is_other, strength, 0)
    full = max(take_percentile(strokes[is_digit], FULL), 1e-6)
    softened: Gray = np.rint(np.minimum(strokes / full, 1) * 255).astype(np.uint8)
    return softened


def thicken(strokes: Gray, is_digit: NDArray[np.bool_], longest: int) -> Gray:
    """Bring hairlines near the width of MNIST's strokes, in a digit of a longer side.

    The mean distance from a long stroke's edge is a quarter of its width.
    """
    distances = cv2.distanceTransform(is_digit.astype(np.uint8), cv2.DIST_L2, 5)
    width = 4 * (float(distances[is_digit].mean()) - 0.5)
    missing = round(THINNEST * longest / BOX - width)
    if missing < 1:
        return strokes
    thicker: Gray = cv2.dilate(strokes, _make_disc(missing | 1))
    return thicker


def enlarge(digit: Digit, corner: tuple[int, int], enlargement: tuple[float, float]) -> Digit:
    """Tell a digit's place in a picture from that in a part of a smaller copy.

    Args:
        digit: of the part.
        corner: the part's first column and row.
        enlargement: how many times wider and higher the picture is than the copy: nearly the same.
    """
    if digit.box is None:
        return digit
    column, row = corner
    across, down = enlargement
    left, top, right, bottom = digit.box
    box = Box(
        *(round((left + column) * across), round((top + row) * down)),
        *(round((right + column) * across), round((bottom + row) * down)),
    )
    shift = digit.shift[0] - digit.scale * column, digit.shift[1] - digit.scale * row
    return replace(digit, box=box, scale=2 * digit.scale / (across + down), shift=shift)


def _make_disc(size: int) -> NDArray[np.uint8]:
    disc: NDArray[np.uint8] = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(
        np.uint8
    )
    return disc
