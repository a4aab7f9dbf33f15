"""Filters and statistics of gray levels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.images import Gray

CLOSING_WINDOW = 0.34
"""Side of the closing's window, as a share of the picture's longer side. It must contain some
background wherever it lies: wider than strokes, narrower than most shadows."""

MEDIAN_WINDOW = 0.5
"""Side of the window whose median is background, as a share of the picture's longer side."""

COPY_SIDE, SMALL_COPY_SIDE = 96, 48
"""Longer sides, in pixels, of reduced copies on which the illumination is still seen."""

Levels = NDArray[np.float32]
"""Gray levels [H, W], or values computed from them."""


def filter_median(levels: Levels) -> Levels:
    """Return the rounded median of the window around each pixel, float32 [H, W].

    Huang, Yang and Tang, "A Fast Two-Dimensional Median Filtering Algorithm", 1979.
    """
    rounded = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
    size = int(MEDIAN_WINDOW * max(levels.shape)) | 1
    median: Levels = cv2.medianBlur(rounded, size).astype(np.float32)
    return median


def close(levels: Levels | NDArray[np.uint16]) -> Levels:
    """Return the morphological closing of levels [H, W], which fills in dark strokes.

    Serra, "Image Analysis and Mathematical Morphology", 1982.
    """
    size = max(3, int(CLOSING_WINDOW * max(levels.shape))) | 1
    closed: Levels = cv2.morphologyEx(levels, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    return closed


def find_percentile(values: NDArray[np.generic], percent: float) -> float:
    """Return a percentile of values of any shape, that of the nearest rank.

    ``np.percentile`` would load ``numpy.ma``.
    """
    rank = round((values.size - 1) * percent / 100)
    return float(np.partition(values, rank, axis=None)[rank])


def shrink(levels: Gray | Levels, longer_side: int) -> Levels:
    """Reduce levels [H, W] to a longer side, in pixels, by averaging; smaller ones stay."""
    scale = longer_side / max(levels.shape)
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in levels.shape)
        levels = cv2.resize(levels, (width, height), interpolation=cv2.INTER_AREA)
    return levels.astype(np.float32)
