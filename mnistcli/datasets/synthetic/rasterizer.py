"""Strokes rasterized by a round pen of varying width, with anti-aliased edges."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistcli.images import Gray
from mnistcli.pictures.normalization import INK_SIDE

DIGIT_SIDE = 26
"""Longer side, in pixels, of the path of the pen's tip; normalization makes it smaller."""

MARGIN = 7
"""Pixels around the path."""

PAPER_SIDE = DIGIT_SIDE + 2 * MARGIN + 1
"""Rows and columns of the paper."""

SHARPNESS = 2
"""Slope of an edge: share of full ink per pixel."""

MIN_RADIUS, MAX_RADIUS = 0.6, 5.0
"""Radii of pens, in pixels, before pressure."""

LIFTED = -9.0
"""Radius of a pen that does not touch the paper."""

CHUNK_DIGITS = 125
"""Digits drawn together: fewer waste time in Python, more overflow the processor's cache."""


class Pen(NamedTuple):
    """How pens vary."""

    radius: tuple[float, float] = (0.3, 0.39)  # mean and deviation of the natural logarithm, in
    # pixels of a normalized image
    pressure: float = 0.15  # deviation of each of three waves of that logarithm along the path
    gaps: float = 0.04  # share of digits with a gap


PENS = Pen()
"""The pens of the data set."""


def draw(random: np.random.Generator, points: NDArray[np.float64], pen: Pen) -> Gray:
    """Draw paths of points [N, S, 2], in any unit; return ink [N, PAPER_SIDE, PAPER_SIDE]."""
    low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    scale = DIGIT_SIDE / (high - low).max(axis=2, keepdims=True)
    placed = ((points - (low + high) / 2) * scale + PAPER_SIDE / 2).astype(np.float32)
    radii = press(random, placed, pen)
    paper = np.empty((len(points), PAPER_SIDE, PAPER_SIDE), np.uint8)
    thinnest_first = radii.max(axis=1).argsort()
    for start in range(0, len(points), CHUNK_DIGITS):
        rows = thinnest_first[start : start + CHUNK_DIGITS]
        paper[rows] = stamp(placed[rows], radii[rows])
    return paper


def press(
    random: np.random.Generator, points: NDArray[np.float32], pen: Pen
) -> NDArray[np.float32]:
    """Return the radii [N, S], in pixels, at points [N, S, 2]; LIFTED in gaps."""
    count, samples, _ = points.shape
    radius = np.exp(pen.radius[0] + pen.radius[1] * random.standard_normal(count))
    radius = radius * DIGIT_SIDE / INK_SIDE
    radius = np.clip(radius, MIN_RADIUS, np.minimum(MAX_RADIUS, find_room(points)))
    along = np.linspace(0, 1, samples)
    phases = random.uniform(0, 2 * np.pi, (count, 3, 1))
    waves = np.sin(np.pi * np.outer([1, 2, 4], along) + phases)
    pressure = pen.pressure * (random.standard_normal((count, 3, 1)) * waves).sum(axis=1)
    radii = np.minimum(radius[:, np.newaxis] * np.exp(pressure), MARGIN - 1)
    has_gap, middle, half = random.random((3, count, 1))
    is_lifted = (has_gap < pen.gaps) & (abs(along - middle) < 0.02 + 0.04 * half)
    return np.where(is_lifted, LIFTED, radii).astype(np.float32)


def find_room(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest radii [N], in pixels, that usually leave a digit's loops open.

    The longer a path is, beyond one straight stroke, the thinner its strokes must be.
    """
    length = np.linalg.norm(np.diff(points, axis=1), axis=2).sum(axis=1)
    area = np.prod(np.ptp(points, axis=1) + 6, axis=1)
    room: NDArray[np.float32] = 0.2 * area / np.maximum(length - 0.75 * DIGIT_SIDE, 4)
    return room


def stamp(points: NDArray[np.float32], radii: NDArray[np.float32]) -> Gray:
    """Draw discs of radii [N, S] around points [N, S, 2] (x, y), all in pixels.

    The depth of a pixel within the nearest disc decides its ink.

    Returns:
        The ink [N, PAPER_SIDE, PAPER_SIDE].
    """
    count = len(points)
    reach = int(np.ceil(radii.max() + 0.5 / SHARPNESS))
    offsets = np.arange(-reach, reach + 1)
    window = (offsets[:, np.newaxis] * PAPER_SIDE + offsets).ravel()
    papers = np.arange(count) * PAPER_SIDE**2
    depth = np.full(count * PAPER_SIDE**2, LIFTED, np.float32)
    columns, rows = np.moveaxis(np.floor(points).astype(np.int64), -1, 0)
    right = (offsets + 0.5 + (columns - points[..., 0])[..., np.newaxis]).astype(np.float32) ** 2
    down = (offsets + 0.5 + (rows - points[..., 1])[..., np.newaxis]).astype(np.float32) ** 2
    for s in range(points.shape[1]):  # one after the other, since the discs of a digit overlap
        pixels = (papers + rows[:, s] * PAPER_SIDE + columns[:, s])[:, np.newaxis] + window
        distance = np.sqrt(down[:, s, :, np.newaxis] + right[:, s, np.newaxis, :])
        within = radii[:, s, np.newaxis] - distance.reshape(count, -1)
        depth[pixels] = np.maximum(depth[pixels], within)
    ink: Gray = np.rint(255 * np.clip(SHARPNESS * depth + 0.5, 0, 1)).astype(np.uint8)
    return ink.reshape(count, PAPER_SIDE, PAPER_SIDE)
