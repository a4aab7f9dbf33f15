"""Lines on a page: grids, boxes, combs, ruled and squared paper, frames."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from canvas import FRACTION_BITS, PAGE_SIDE, Frame, Levels, Random, make_layer, to_fixed
from layouts import CELLS, Grid, Rows, Strip

from mnistcli.datasets.synthetic.handwriting import Points

FAR = 1.2 * PAGE_SIDE
"""Pixels from the middle of a page to the ends of lines that cross it."""

WOBBLE = 0.4
"""Standard deviation, in pixels, of the ends of lines that hands or scanners draw."""

DASHED = 0.35
"""Share of a dashed line that is drawn."""

THICKER = 2.5
"""Width of every third line of some grids, as of a sudoku, in widths of the others."""

Span = tuple[float, float]
"""Where a line begins and ends."""


class Ruler(NamedTuple):
    """Draws lines along the rows and columns of a frame."""

    layer: Levels  # changed in place
    frame: Frame

    def draw_across(self, v: Span, width: float, dash: float = 0, span: Span = (-FAR, FAR)) -> None:
        """Draw a line along the rows, over a span of ``u``, between two places ``v``."""
        start, end = (self.frame.locate(*place) for place in zip(span, v, strict=True))
        draw_line(self.layer, start, end, width, dash)

    def draw_down(self, u: Span, width: float, dash: float = 0, span: Span = (-FAR, FAR)) -> None:
        """Draw a line down the columns, over a span of ``v``, between two places ``u``."""
        start, end = (self.frame.locate(*place) for place in zip(u, span, strict=True))
        draw_line(self.layer, start, end, width, dash)


def draw_rules(random: Random, guides: Rows | Strip | Grid, side: float, frame: Frame) -> Levels:
    """Draw lines on a layer: a grid's, boxes, or rules under, through and around rows.

    ``side`` is that of the digits, in pixels.
    """
    ruler = Ruler(make_layer(), frame)
    width = float(np.exp(random.uniform(np.log(0.5), np.log(5))))
    if isinstance(guides, Grid):
        draw_grid(random, ruler, guides, width)
        return ruler.layer
    kind = random.random()
    dash = random.choice([0, 0, 2, 4, 6])
    if isinstance(guides, Strip) and kind < 0.6:
        draw_boxes(random, ruler, guides, side, min(width, side / 8))
    elif isinstance(guides, Rows) and kind < 0.55:
        draw_ruled(random, ruler, guides, side, min(width, side / 8), dash)
    elif kind < 0.7:
        draw_squared(random, ruler, side, min(width, side / 14))
    elif kind < 0.85:
        draw_frame(random, ruler, width, dash)
    else:
        for _ in range(int(random.integers(1, 5))):
            start, end = random.uniform(-10, PAGE_SIDE + 10, (2, 2))
            draw_line(ruler.layer, start, end, width, dash)
    return ruler.layer


def draw_grid(random: Random, ruler: Ruler, grid: Grid, width: float) -> None:
    """Draw the lines of a grid: across, down or both, some thicker than the others."""
    kind = random.random()
    has_thick = random.random() < 0.2
    thick = int(random.integers(3))
    numbers = np.arange(-CELLS - 1, CELLS + 2)
    is_thick = has_thick & (np.arange(len(numbers)) % 3 == thick)
    widths = np.where(is_thick, THICKER * width, width).tolist()
    dash = random.choice([0, 0, 0, 3, 5])
    if kind < 0.9:
        for v, each in zip(numbers * grid.pitch_v + grid.top, widths, strict=True):
            ruler.draw_across(wobble(random, v), each, dash)
    if kind < 0.75 or kind >= 0.9:
        for u, each in zip(numbers * grid.pitch_u + grid.left, widths, strict=True):
            ruler.draw_down(wobble(random, u), each, dash)


def draw_boxes(random: Random, ruler: Ruler, strip: Strip, side: float, width: float) -> None:
    """Draw a box around each digit, or a comb: a line under all, with teeth between them."""
    v, boundaries = strip
    top, bottom = (v + way * side * random.uniform(0.55, 0.95) for way in (-1, 1))
    is_comb = random.random() < 0.25
    span = (0.5 * (v + bottom) if is_comb else top, bottom)
    for u in boundaries:
        ruler.draw_down((u, u), width, span=span)
    for level in (bottom,) if is_comb else (top, bottom):
        ruler.draw_across((level, level), width, span=(boundaries[0], boundaries[-1]))


def draw_ruled(
    random: Random,
    ruler: Ruler,
    rows: Rows,
    side: float,
    width: float,
    dash: float,
) -> None:
    """Draw ruled paper, or a line under or through each row, sometimes with a line down."""
    follows = bool(rows.pitch) and random.random() < 0.6
    spacing = rows.pitch if follows else side * random.uniform(0.5, 2.5)
    first = rows.first + side * random.choice([0.5, random.uniform(-0.5, 0.9)])
    for v in np.arange(-30, 31) * spacing + first:
        if abs(v) < FAR:
            ruler.draw_across(wobble(random, v), width, dash)
    if random.random() < 0.3:
        u = random.uniform(-0.5, 0.5) * PAGE_SIDE
        ruler.draw_down((u, u), width)


def draw_squared(random: Random, ruler: Ruler, side: float, width: float) -> None:
    """Draw squared paper."""
    spacing = side * random.uniform(0.25, 1.2)
    for place in np.arange(-40, 41) * spacing + random.uniform(0, spacing):
        if abs(place) < FAR:
            ruler.draw_across((place, place), width)
            ruler.draw_down((place, place), width)


def draw_frame(random: Random, ruler: Ruler, width: float, dash: float) -> None:
    """Draw a rectangle that may lack a side."""
    left, top = -random.uniform(0.15, 0.5, 2) * PAGE_SIDE
    right, bottom = random.uniform(0.15, 0.5, 2) * PAGE_SIDE
    around = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
    corners = [ruler.frame.locate(u, v) for u, v in around]
    for start, end in pairwise(corners):
        if random.random() < 0.85:
            draw_line(ruler.layer, start, end, width, dash)


def wobble(random: Random, place: float) -> Span:
    """Return the places of both ends of a line that should be at one place."""
    return place + random.normal(0, WOBBLE), place + random.normal(0, WOBBLE)


def draw_line(layer: Levels, start: Points, end: Points, width: float, dash: float = 0) -> None:
    """Draw a line on a layer that it makes nowhere weaker.

    Args:
        layer: changed in place.
        start: x and y.
        end: x and y.
        width: in pixels, without the soft edges; below 1, the line is as much weaker.
        dash: from dash to dash, in pixels, or 0 for none.
    """
    ink = np.zeros(layer.shape, np.uint8)
    thickness = max(1, round(width))
    for piece in cut(start, end, dash):
        first, last = (to_fixed(point).tolist() for point in piece)
        cv2.line(ink, first, last, 255, thickness, cv2.LINE_AA, FRACTION_BITS)
    np.maximum(layer, ink.astype(np.float32) * (min(1, width) / 255), out=layer)


def cut(start: Points, end: Points, dash: float) -> Iterator[tuple[Points, Points]]:
    """Yield the ends of a line's dashes, or of the line if it has none."""
    if not dash:
        yield start, end
        return
    length = float(np.linalg.norm(end - start))
    for place in np.arange(0, length, dash):
        last = min(place + dash * DASHED, length)
        yield start + (end - start) * (place / length), start + (end - start) * (last / length)
