"""How light changes over a page, whatever is written on it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.framing import Gray

WINDOW = 0.34
"""Side of the window that must show some background wherever it lies, as a share of the longer side
of the picture: wider than strokes, narrower than most shadows."""

SURROUNDINGS = 0.5
"""Side of the window whose median is background, as a share of the longer side."""

SMALL, SMALLER = 96, 48
"""Longer sides, in pixels, of the copies that are enough to see a picture's light on."""

EVEN = 4
"""Greatest difference, in gray levels, of a background's parts in even light."""

Levels = NDArray[np.float32]
"""Gray levels [H, W], or what is computed of them."""


def estimate_light(gray: Gray) -> Levels:
    """Return how light [H, W] changes softly over dark ink's background, 0 where it is darkest.

    Of no change, a plane, and a surface of second order, it is the one that leaves least ink.
    """
    small = shrink(gray, SMALLER)
    if np.ptp(close(small)) <= EVEN:
        return np.zeros(gray.shape, np.float32)
    lights = [
        np.zeros_like(small),
        *(evaluate_light(fit_light(small, n), small.shape) for n in (1, 2)),
    ]
    ink = [
        penalty * float((close(small - light) - small + light).sum())
        for light, penalty in zip(lights, (1, 1.1, 1.2), strict=True)
    ]
    height, width = gray.shape
    least = lights[int(np.argmin(ink))]
    light: Levels = cv2.resize(least - least.min(), (width, height))
    return light


def fit_light(levels: Levels, order: int) -> NDArray[np.float32]:
    """Fit a plane (order 1) or a surface of second order to most levels [H, W].

    Least absolute deviations, by iteratively reweighted least squares; the border, where ink is
    rare, counts three times.
    """
    terms, values = _make_terms(levels.shape, order), levels.ravel()
    weights = np.ones(levels.shape, np.float32)
    weights[[0, -1]] = weights[:, [0, -1]] = 3
    residuals = values - take_percentile(values, 50)
    for _ in range(6):
        weighted = terms * (weights.ravel() / np.maximum(np.abs(residuals), 1))[:, np.newaxis]
        ridge = np.eye(terms.shape[1], dtype=np.float32) / 100
        light = np.linalg.solve(weighted.T @ terms + ridge, weighted.T @ values)
        residuals = values - terms @ light
    return light


def evaluate_light(light: NDArray[np.float32], shape: tuple[int, ...]) -> Levels:
    """Return the light [H, W] of a fitted surface."""
    surface: Levels = (_make_terms(shape, 1 if len(light) == 3 else 2) @ light).reshape(shape)
    return surface


def _make_terms(shape: tuple[int, ...], order: int) -> NDArray[np.float32]:
    """Return 1, x, y and, of second order, xy, x² and y² of each pixel, within -1 to 1."""
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = (2 * y + 1) / height - 1, (2 * x + 1) / width - 1
    terms = [np.ones_like(x), x, y, *([x * y, x * x, y * y] if order == 2 else [])]
    return np.stack(terms, axis=-1).reshape(height * width, -1)


def take_median(levels: Levels) -> Levels:
    """Return the median of the surroundings of each place [H, W], rounded."""
    rounded = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
    size = int(SURROUNDINGS * max(levels.shape)) | 1
    median: Levels = cv2.medianBlur(rounded, size).astype(np.float32)
    return median


def close(levels: Levels | NDArray[np.uint16]) -> Levels:
    """Return what is left of levels [H, W] without what is darker than all around it."""
    size = max(3, int(WINDOW * max(levels.shape))) | 1
    closed: Levels = cv2.morphologyEx(levels, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    return closed


def take_percentile(values: NDArray[np.generic], share: float) -> float:
    """Return the value that a share, in percent, of the others is below; not to load numpy.ma."""
    place = round((values.size - 1) * share / 100)
    return float(np.partition(values, place, axis=None)[place])


def shrink(levels: Gray | Levels, longest: int) -> Levels:
    """Reduce levels [H, W] to a longer side."""
    scale = longest / max(levels.shape)
    if scale < 1:
        height, width = (max(1, round(side * scale)) for side in levels.shape)
        levels = cv2.resize(levels, (width, height), interpolation=cv2.INTER_AREA)
    return levels.astype(np.float32)
