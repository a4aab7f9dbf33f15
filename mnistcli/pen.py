"""A pen that draws round, anti-aliased strokes of changing width."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistcli.framing import BOX, Gray

HEIGHT = 26
"""Longer side, in pixels, of what the pen's tip goes through; it is framed smaller, as MNIST is."""

MARGIN = 7
SIDE = HEIGHT + 2 * MARGIN + 1
"""Rows and columns of the paper."""

SHARPNESS = 2
"""Change of ink at an edge, in full strokes a pixel."""

THINNEST, THICKEST = 0.6, 5.0
"""Radii of pens, in pixels, before they are pressed."""

LIFTED = -9.0
"""Radius of a pen that doesn't touch the paper."""

AT_ONCE = 125
"""Digits drawn together: fewer are slower by Python's share, more by the processor's cache."""


class Pen(NamedTuple):
    """How pens differ."""

    radius: tuple[float, float] = (0.3, 0.39)  # its natural logarithm's mean and deviation, in
    # pixels of a framed image
    pressure: float = 0.15  # deviation of each of three waves of that logarithm along the way
    gaps: float = 0.04  # share of digits with a gap


PENS = Pen()
"""Those of the data set."""


def draw(random: np.random.Generator, points: NDArray[np.float64], pen: Pen) -> Gray:
    """Draw the pen's ways through places [N, S, 2], in any unit, on papers [N, SIDE, SIDE]."""
    low, high = points.min(axis=1, keepdims=True), points.max(axis=1, keepdims=True)
    scale = HEIGHT / (high - low).max(axis=2, keepdims=True)
    placed = ((points - (low + high) / 2) * scale + SIDE / 2).astype(np.float32)
    radii = press(random, placed, pen)
    paper = np.empty((len(points), SIDE, SIDE), np.uint8)
    thinnest_first = radii.max(axis=1).argsort()
    for start in range(0, len(points), AT_ONCE):
        rows = thinnest_first[start : start + AT_ONCE]
        paper[rows] = stamp(placed[rows], radii[rows])
    return paper


def press(
    random: np.random.Generator, points: NDArray[np.float32], pen: Pen
) -> NDArray[np.float32]:
    """Return the radii, [N, S] in pixels, of the strokes at places [N, S, 2], LIFTED in gaps."""
    count, samples, _ = points.shape
    radius = np.exp(pen.radius[0] + pen.radius[1] * random.standard_normal(count)) * HEIGHT / BOX
    radius = np.clip(radius, THINNEST, np.minimum(THICKEST, find_room(points)))
    along = np.linspace(0, 1, samples)
    phases = random.uniform(0, 2 * np.pi, (count, 3, 1))
    waves = np.sin(np.pi * np.outer([1, 2, 4], along) + phases)
    pressure = pen.pressure * (random.standard_normal((count, 3, 1)) * waves).sum(axis=1)
    radii = np.minimum(radius[:, np.newaxis] * np.exp(pressure), MARGIN - 1)
    has_gap, middle, half = random.random((3, count, 1))
    is_lifted = (has_gap < pen.gaps) & (abs(along - middle) < 0.02 + 0.04 * half)
    return np.where(is_lifted, LIFTED, radii).astype(np.float32)


def find_room(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest radii, [N] in pixels, that leave a digit's loops open as a rule.

    The longer the way beyond one straight stroke, the less of the paper is left to a stroke.
    """
    length = np.linalg.norm(np.diff(points, axis=1), axis=2).sum(axis=1)
    area = np.prod(np.ptp(points, axis=1) + 6, axis=1)
    room: NDArray[np.float32] = 0.2 * area / np.maximum(length - 0.75 * HEIGHT, 4)
    return room


def stamp(points: NDArray[np.float32], radii: NDArray[np.float32]) -> Gray:
    """Draw discs around places [N, S, 2] (x, y in pixels) on papers [N, SIDE, SIDE].

    Their radii are [N, S]. A paper keeps how far each pixel lies within the nearest disc, which
    is what decides its ink.
    """
    count = len(points)
    reach = int(np.ceil(radii.max() + 0.5 / SHARPNESS))
    offsets = np.arange(-reach, reach + 1)
    window = (offsets[:, np.newaxis] * SIDE + offsets).ravel()
    papers = np.arange(count) * SIDE**2
    depth = np.full(count * SIDE**2, LIFTED, np.float32)
    columns, rows = np.moveaxis(np.floor(points).astype(np.int64), -1, 0)
    right = (offsets + 0.5 + (columns - points[..., 0])[..., np.newaxis]).astype(np.float32) ** 2
    down = (offsets + 0.5 + (rows - points[..., 1])[..., np.newaxis]).astype(np.float32) ** 2
    for s in range(points.shape[1]):  # a digit's discs in turn, since they overlap
        pixels = (papers + rows[:, s] * SIDE + columns[:, s])[:, np.newaxis] + window
        distance = np.sqrt(down[:, s, :, np.newaxis] + right[:, s, np.newaxis, :])
        within = radii[:, s, np.newaxis] - distance.reshape(count, -1)
        depth[pixels] = np.maximum(depth[pixels], within)
    ink: Gray = np.rint(255 * np.clip(SHARPNESS * depth + 0.5, 0, 1)).astype(np.uint8)
    return ink.reshape(count, SIDE, SIDE)
