"""Glyphs put in their places on a page, each a little otherwise than its like."""

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from canvas import PAGE_SIDE, Frame, Levels, Random
from glyphs import Glyph
from layouts import Item
from numpy.typing import NDArray

from mnistcli.datasets.synthetic.handwriting import Points
from mnistcli.images import Gray

MIN_PLACED_SIDE = 5
"""Longer side, in pixels, of the smallest digits that are put on a page."""

MIN_LEVEL = 0.35
"""Least level that some pixel of a glyph must have."""

REDUCED = 0.8
"""Scale below which a glyph is blurred before it is reduced, lest its strokes become ragged."""

BLUR = 0.42
"""Standard deviation of that blur, in pixels of the page."""

SMOOTH_STYLE, BOLD_STYLE = 0.3, 0.5
"""Styles in [0, 1] up to which enlarged strokes stay as smooth, and as bold, as they are."""


class Placed(NamedTuple):
    """A glyph on a page."""

    levels: Levels  # [PAGE_SIDE, PAGE_SIDE], in [0, 1]
    centre: tuple[float, float]  # x, y of its box
    side: float  # longer side, in pixels
    label: int  # of a digit, or NO_DIGIT
    total: float  # sum of its levels, also beyond the page; more than 0


def place_all(random: Random, items: Iterable[Item], frame: Frame, style: float) -> list[Placed]:
    """Place the items of a layout, except for what is too small or off the page."""
    placed = []
    for item in items:
        if item.side >= MIN_PLACED_SIDE:
            x, y = frame.locate(item.u, item.v).tolist()
            one = place(random, item.glyph, item.side, (x, y), frame.angle, style)
            if one is not None:
                placed.append(one)
    return placed


def place(
    random: Random,
    glyph: Glyph,
    side: float,
    centre: tuple[float, float],
    angle: float,
    style: float,
) -> Placed | None:
    """Place a glyph, or return None if it is off the page, or too small to be seen.

    Args:
        random: the source of all variation.
        glyph: is slanted, stretched and turned a little.
        side: what the glyph's ``side`` becomes, in pixels.
        centre: x and y of the middle of its box, also off the page.
        angle: by which it is turned clockwise, in radians.
        style: in [0, 1], makes enlarged strokes thinner or bolder, alike for those of a page.
    """
    scale = side / glyph.side
    reach = scale * max(glyph.ink.shape)
    matrix, stretch = deform(random, scale, angle)
    if not all(-reach < place < PAGE_SIDE + reach for place in centre):
        return None
    ink, margin = pad(glyph.ink, scale)
    middle = [(length - 1) / 2 for length in reversed(glyph.ink.shape)]
    shift = np.array(centre) - matrix @ middle - matrix @ [margin, margin]
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    affine = np.column_stack([matrix, shift])
    levels = cv2.warpAffine(ink, affine, (PAGE_SIDE, PAGE_SIDE), flags=method)
    levels = levels.astype(np.float32) / 255
    total = float(ink.sum()) / 255 * scale**2 * stretch
    if scale > 1 and style > SMOOTH_STYLE:
        sharp = sharpen(random, levels, style)
        total *= float(sharp.sum()) / max(float(levels.sum()), 1e-3)
        levels = sharp
    if levels.max() < MIN_LEVEL:
        return None
    return Placed(levels, centre, reach, glyph.label, max(total, 1e-3))


def deform(random: Random, scale: float, angle: float) -> tuple[Points, float]:
    """Return a matrix [2, 2] that scales, slants, stretches and turns, and the stretch."""
    slant, stretch = random.normal(0, 0.08), np.exp(random.normal(0, 0.06))
    turn = angle + random.normal(0, 0.06)
    cosine, sine = np.cos(turn), np.sin(turn)
    matrix = scale * np.array([[cosine, -sine], [sine, cosine]]) @ [[stretch, -slant], [0, 1]]
    return matrix, stretch


def pad(ink: Gray, scale: float) -> tuple[Gray, int]:
    """Return ink, ready to be scaled, with a margin around it, and the margin, in pixels."""
    if scale >= REDUCED:
        return np.pad(ink, 2), 2
    return np.asarray(cv2.GaussianBlur(np.pad(ink, 3), (0, 0), BLUR / scale)), 3


def sharpen(random: Random, levels: Levels, style: float) -> Levels:
    """Make enlarged strokes crisper, and in some styles thinner or bolder."""
    threshold = 0.35 + 0.45 * random.random() if style > BOLD_STYLE else 0.5
    sharp: NDArray[np.float32] = np.clip((levels - threshold) * (1.2 + 2 * style) + 0.5, 0, 1)
    return sharp
