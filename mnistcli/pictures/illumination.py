"""Estimation of a page's illumination.

A polynomial surface, fitted to the background of dark ink, corrects soft gradients.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.images import Gray
from mnistcli.pictures.filters import SMALL_COPY_SIDE, Levels, close, find_percentile, shrink

MAX_EVEN_RANGE = 4
"""Greatest difference, in gray levels of 255, within an evenly lit background."""


def estimate_illumination(gray: Gray) -> Levels:
    """Return how the background of dark ink varies softly, float32 [H, W], 0 where darkest.

    The candidates are none, a plane and a quadratic surface; the one that leaves least ink wins.
    """
    small = shrink(gray, SMALL_COPY_SIDE)
    if np.ptp(close(small)) <= MAX_EVEN_RANGE:
        return np.zeros(gray.shape, np.float32)
    surfaces = [
        np.zeros_like(small),
        *(evaluate_surface(fit_surface(small, order), small.shape) for order in (1, 2)),
    ]
    ink = [
        penalty * float((close(small - surface) - small + surface).sum())
        for surface, penalty in zip(surfaces, (1, 1.1, 1.2), strict=True)
    ]
    height, width = gray.shape
    best = surfaces[int(np.argmin(ink))]
    illumination: Levels = cv2.resize(best - best.min(), (width, height))
    return illumination


def fit_surface(levels: Levels, order: int) -> NDArray[np.float32]:
    """Fit a plane (order 1) or a quadratic surface (order 2) to most levels [H, W].

    Least absolute deviations, by iteratively reweighted least squares (Holland and Welsch, "Robust
    Regression Using Iteratively Reweighted Least-Squares", 1977). Pixels of the border, where ink
    is rare, have three times the weight.

    Returns:
        The coefficients, float32 [3] or [6].
    """
    terms, values = _make_terms(levels.shape, order), levels.ravel()
    weights = np.ones(levels.shape, np.float32)
    weights[[0, -1]] = weights[:, [0, -1]] = 3
    residuals = values - find_percentile(values, 50)
    for _ in range(6):
        weighted = terms * (weights.ravel() / np.maximum(np.abs(residuals), 1))[:, np.newaxis]
        ridge = np.eye(terms.shape[1], dtype=np.float32) / 100
        solved = np.linalg.solve(weighted.T @ terms + ridge, weighted.T @ values)
        coefficients: NDArray[np.float32] = solved.astype(np.float32)
        residuals = values - terms @ coefficients
    return coefficients


def evaluate_surface(coefficients: NDArray[np.float32], shape: tuple[int, ...]) -> Levels:
    """Return the levels [H, W] of a fitted surface."""
    terms = _make_terms(shape, 1 if len(coefficients) == 3 else 2)
    surface: Levels = (terms @ coefficients).reshape(shape)
    return surface


def _make_terms(shape: tuple[int, ...], order: int) -> NDArray[np.float32]:
    """Return 1, x, y and, for order 2, xy, x² and y² of each pixel, [H · W, 3 or 6].

    x and y are in [-1, 1].
    """
    height, width = shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = (2 * y + 1) / height - 1, (2 * x + 1) / width - 1
    terms = [np.ones_like(x), x, y, *([x * y, x * x, y * y] if order == 2 else [])]
    return np.stack(terms, axis=-1).reshape(height * width, -1)
