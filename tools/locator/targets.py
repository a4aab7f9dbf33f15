"""What is to be found on a page: ink, offsets, centres; and where it does not matter."""

from typing import NamedTuple

import cv2
import numpy as np
from canvas import PAGE_SIDE, Levels, make_layer
from glyphs import NO_DIGIT
from numpy.typing import NDArray
from placing import Placed
from writing import FAINT, Written

from mnistcli.images import Gray
from mnistcli.pictures.decoding import Colours
from mnistcli.pictures.geometry import find_bounds
from mnistcli.pictures.parameters import PARAMETERS

GRID = PARAMETERS.cell
"""Rows and columns of pixels in a cell of the heat map."""

CELLS = PAGE_SIDE // GRID
"""Rows and columns of the heat map."""

MIN_SIDE, MAX_SIDE = 17, 60
"""Longer sides, in pixels, of the digits to be found; on a page twice as large, or half, others.
Beyond them, up to those that are accepted, it does not matter whether a digit is found."""

MIN_VISIBLE = 0.75
"""Least share of a digit's ink that must be seen for it to be found."""

HARDLY_VISIBLE = 0.1
"""Share of a digit's ink up to which what is seen must not be found."""

MIN_IGNORED = 0.1
"""Share of a cell above which it is ignored if that share is."""

FULL = 0.6
"""Level above which ink has the colour of ink."""

MIN_CONTRAST, MIN_CONTRAST_TO_NOISE = 10, 2.5
"""Least contrast of ink, in gray levels and in standard deviations of the paper, that is seen."""

MAD_TO_DEVIATION = 1.4826
"""Standard deviation of normal values, in their median absolute deviation."""

MIN_SPOT, SPOT = 2.0, 0.09
"""Standard deviation of a spot of the heat map: at least, in pixels, and in a digit's side."""

MAX_OFFSET = np.iinfo(np.int8).max
"""Longest offset, in pixels: longer than any of a digit to be found."""

ROWS, COLUMNS = np.mgrid[:PAGE_SIDE, :PAGE_SIDE].astype(np.float32)
"""Of each pixel."""

CELL_ROWS, CELL_COLUMNS = np.mgrid[:CELLS, :CELLS].astype(np.float32) * GRID + (GRID - 1) / 2
"""Of the middle of each cell, in pixels."""


class Targets(NamedTuple):
    """What is to be found on a page."""

    ink: Gray  # [PAGE_SIDE, PAGE_SIDE], coverage by digits' ink
    offsets: NDArray[np.int8]  # [PAGE_SIDE, PAGE_SIDE, 2], right and down to the digit's centre
    heat: Gray  # [CELLS, CELLS], 255 at centres
    is_ignored: Gray  # [CELLS, CELLS], 1 where nothing is asked for


def make_targets(
    taken: Colours, placed: list[Placed], written: Written, visible: Levels
) -> Targets:
    """Return what is to be found in a picture.

    Digits that are cut off, pale, or nearly of the size are neither to be found nor to be missed.

    Args:
        taken: the picture, [PAGE_SIDE, PAGE_SIDE, 3].
        placed: the glyphs.
        written: the glyphs as they were written.
        visible: the share of each pixel that is still seen, [PAGE_SIDE, PAGE_SIDE].
    """
    ink, ignored = make_layer(), make_layer()
    offsets = np.zeros((*ink.shape, 2), np.float32)
    heat: NDArray[np.floating] = np.zeros((CELLS, CELLS), np.float32)
    seen = written.ink * visible
    for number, one in enumerate(placed):
        if one.label == NO_DIGIT:
            continue
        x, y = one.centre
        is_own = written.owners == number
        share = measure_visible(one, visible)
        if MIN_SIDE <= one.side <= MAX_SIDE and is_seen(one, taken, share, is_own & (seen > FULL)):
            ink[is_own] = seen[is_own]
            offsets[is_own] = np.stack([x - COLUMNS[is_own], y - ROWS[is_own]], axis=-1)
            heat = np.maximum(heat, make_spot(x, y, one.side))
        elif is_accepted(one.side) and share > HARDLY_VISIBLE:
            ignore(ignored, one, one.levels * visible > FAINT)
    coarse = cv2.resize(ignored, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    return Targets(
        np.rint(ink * 255).astype(np.uint8),
        np.clip(np.rint(offsets), -MAX_OFFSET, MAX_OFFSET).astype(np.int8),
        np.rint(heat * 255).astype(np.uint8),
        (coarse > MIN_IGNORED).astype(np.uint8),
    )


def measure_visible(one: Placed, visible: Levels) -> float:
    """Return the share of a glyph's ink that is seen, given that of each pixel of the page."""
    return float((one.levels * visible).sum()) / one.total


def is_accepted(side: float) -> bool:
    """Tell whether digits with that longer side are taken if they are found."""
    return PARAMETERS.min_side <= side <= PARAMETERS.max_side


def is_seen(one: Placed, taken: Colours, share: float, is_full: NDArray[np.bool_]) -> bool:
    """Tell whether a glyph is seen in a picture.

    Args:
        one: the glyph.
        taken: the picture.
        share: of its ink that is not hidden.
        is_full: which pixels have its strong ink alone.
    """
    is_on_page = all(-1 < place < PAGE_SIDE for place in one.centre)
    return share >= MIN_VISIBLE and is_on_page and stands_out(taken, is_full)


def stands_out(taken: Colours, is_ink: NDArray[np.bool_]) -> bool:
    """Tell whether ink [H, W] of a picture [H, W, 3] differs from the paper around it.

    Its median must differ by more than the grain and the texture of the paper. Lines nearby, which
    are few of its pixels, don't count.
    """
    if not is_ink.any():
        return False
    box = find_bounds(is_ink).expand(3).slices
    crop, ink = taken[box].astype(np.float32), is_ink[box].astype(np.uint8)
    edge, around = (cv2.dilate(ink, np.ones((side, side), np.uint8)) for side in (3, 7))
    is_near = around > edge
    if not is_near.any():
        return True
    paper = np.median(crop[is_near], axis=0)
    differences = np.abs(np.median(crop[ink > 0], axis=0) - paper)
    grain = (crop - cv2.blur(crop, (5, 5)))[is_near].std(axis=0)
    texture = MAD_TO_DEVIATION * np.median(np.abs(crop[is_near] - paper), axis=0)
    noise = np.maximum(grain, texture)
    least = np.maximum(MIN_CONTRAST, MIN_CONTRAST_TO_NOISE * noise)
    return bool((differences > least).any())


def make_spot(x: float, y: float, side: float) -> NDArray[np.floating]:
    """Return a heat map [CELLS, CELLS] of one digit, given its centre and side, in pixels.

    It is 1 in the cell of the centre, and falls off around it as in CenterNet (Zhou, Wang and
    Krähenbühl, "Objects as Points", 2019).
    """
    deviation = max(MIN_SPOT, SPOT * side)
    spot = np.exp(-((CELL_COLUMNS - x) ** 2 + (CELL_ROWS - y) ** 2) / (2 * deviation**2))
    row, column = (int(np.clip(place / GRID, 0, CELLS - 1)) for place in (y, x))
    spot[row, column] = 1
    return spot


def ignore(ignored: Levels, one: Placed, is_ink: NDArray[np.bool_]) -> None:
    """Mark, in a layer, the ink of a glyph and the surroundings of its centre."""
    ignored[is_ink] = 1
    x, y = (round(np.clip(place, 0, PAGE_SIDE - 1)) for place in one.centre)
    cv2.circle(ignored, (x, y), int(one.side / 4) + 2, 1.0, -1)
