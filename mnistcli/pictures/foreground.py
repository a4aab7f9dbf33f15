"""Ink separated from its background by local contrast, in even and uneven light."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mnistcli.images import Gray
from mnistcli.pictures.decoding import Planes
from mnistcli.pictures.filters import (
    COPY_SIDE,
    SMALL_COPY_SIDE,
    Levels,
    close,
    filter_median,
    find_percentile,
    shrink,
)
from mnistcli.pictures.geometry import Slices
from mnistcli.pictures.illumination import (
    MAX_EVEN_RANGE,
    estimate_illumination,
    evaluate_surface,
    fit_surface,
)

MIN_INK_CONTRAST = 2
"""Least contrast, in gray levels of 255, that is more than rounding."""

NOISE_FACTOR = 4
"""Least contrast of ink, in standard deviations of the background's noise."""

COLOUR_FACTOR = 4
"""How many times the energy of luminance a colour channel must have to be used instead."""

MAX_GRAY = 4
"""Greatest difference, in gray levels, between the channels of a picture without colours."""

MIN_BACKGROUND = 64
"""Least background, in gray levels, that contrast is divided by."""

FIXED_POINT = 256
"""Units per gray level in integer arrays, whose closing is faster."""


class Ink(NamedTuple):
    """Ink and its background, per pixel."""

    contrast: Levels  # [H, W], in gray levels, 0 for background
    background: Levels  # [H, W], in gray levels
    smooth: Levels  # [H, W], contrast divided by the background, with less noise
    is_ink: NDArray[np.bool_]  # [H, W], where there is more than noise
    noise: float  # standard deviation of the background, in gray levels

    def measure_strength(self, area: Slices) -> Levels:
        """Return the contrast divided by the background, float32 [h, w] ≥ 0, with sharp edges."""
        strength: Levels = np.maximum(self.contrast[area] - 1.5 * self.noise, 0)
        return strength / self.background[area]


def choose_plane(planes: Planes) -> Gray:
    """Return luminance [H, W], or red, green or blue if it shows much more, as for yellow ink.

    The rule is this project's own.

    Args:
        planes: uint8 [planes, H, W].
    """
    best = 0
    sampled = planes[:, ::8, ::8].astype(np.int16)
    if (np.abs(sampled - sampled[0]) > MAX_GRAY).any():
        energies = [_measure_energy(plane) for plane in planes]
        if max(energies) > COLOUR_FACTOR * energies[0]:
            best = int(np.argmax(energies))
    plane: Gray = planes[best]
    return plane


def is_light_on_dark(gray: Gray) -> bool:
    """Tell the polarity of gray levels [H, W]: ink is what differs from its surroundings."""
    difference = measure_difference(gray)
    return _sum_squares(difference) > _sum_squares(-difference)


def measure_difference(gray: Gray) -> Levels:
    """Return how much lighter each pixel of a small copy is than the median around it.

    This is background subtraction with a median filter, which follows shadows with sharp edges.
    Soft gradients are corrected first if that leaves less ink.

    Returns:
        float32 [h, w], in gray levels; the longer side is at most COPY_SIDE.
    """
    small = shrink(gray, COPY_SIDE)
    median = filter_median(small)
    difference = small - median
    if np.ptp(median) > MAX_EVEN_RANGE:
        surface = fit_surface(shrink(small, SMALL_COPY_SIDE), 2)
        flat = small - evaluate_surface(surface, small.shape) + 128
        flattened = flat - filter_median(flat)
        if np.abs(flattened).sum() * 1.1 < np.abs(difference).sum():
            difference = flattened
    return difference


def separate(gray: Gray) -> Ink:
    """Separate dark ink from its background in gray levels [H, W].

    The background is a morphological closing (see :mod:`mnistcli.pictures.filters`), so the
    contrast is a black top-hat. It is divided by the background, so that ink is as strong in the
    shade as in the light. Noise is estimated by percentiles of the contrast, which ink rarely
    reaches.
    """
    illumination = estimate_illumination(gray)
    levels = gray.astype(np.float32)
    flat = (_blur(levels) - illumination) * FIXED_POINT
    np.clip(flat, 0, 255 * FIXED_POINT, out=flat)  # clips ink only
    background = close(flat.astype(np.uint16)) * np.float32(1 / FIXED_POINT) + illumination
    contrast = np.subtract(background, levels, out=levels)
    sampled = contrast[:: 1 + len(gray) // 256, :: 1 + gray.shape[1] // 256]
    lower, low = (find_percentile(sampled, percent) for percent in (12.5, 25))  # no ink
    noise = 1.4826 * 1.5 * (low - lower)  # about the standard deviation: 2.10 for normal noise
    background = np.maximum(
        np.subtract(background, low, out=background), MIN_BACKGROUND, out=background
    )
    contrast = np.maximum(np.subtract(contrast, low, out=contrast), 0, out=contrast)
    smooth = _blur(contrast)
    is_ink = smooth > max(MIN_INK_CONTRAST, NOISE_FACTOR * noise)
    return Ink(contrast, background, smooth / background, is_ink, noise)


def _measure_energy(plane: Gray) -> float:
    small = shrink(plane, COPY_SIDE)
    difference = small - filter_median(small)
    return _sum_squares(difference) + _sum_squares(-difference)


def _sum_squares(difference: Levels) -> float:
    """Return the sum of the squares of all that exceeds a little noise."""
    return float((np.maximum(difference - 4, 0) ** 2).sum())


def _blur(levels: Levels) -> Levels:
    """Blur noise that is finer than strokes; small pictures, with fine strokes, stay."""
    longer_side = max(levels.shape)
    if longer_side < 64:
        return levels
    blurred: Levels = cv2.GaussianBlur(levels, (0, 0), max(0.4, longer_side * 0.0016))
    return blurred
